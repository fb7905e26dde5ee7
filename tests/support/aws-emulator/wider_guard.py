"""The guard of the embedded emulator, with the services that infrastructure/services.yaml needs.

For tests that deploy that template. Containers cannot start: the engine's address leads nowhere.
"""

import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "local")
sys.path.insert(0, FOLDER)

import guard  # noqa: E402

guard.SERVICES = (*guard.SERVICES, "ec2", "ecs", "elasticloadbalancing", "iam", "logs", "s3")
os.environ["DOCKER_HOST"] = "unix:///nonexistent"

if __name__ == "__main__":
    guard.main()
