"""MiniStack that starts containers, behind the guard: `python emulator.py`, for `npm run aws:rehearsal` only.

It listens on Docker's bridge network (BRIDGE_ADDRESS), so this machine and its containers can reach it. It answers

- signed calls with this run's key, to the services that the two stacks need;
- requests to the load balancer: `/_alb/...` with the host name LOAD_BALANCER_HOST, which the API checks, too.

It uses the Docker socket, so anyone who has the key can start containers and control this machine.
"""

import asyncio
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "local"))

import guard  # noqa: E402

ADDRESS = os.environ["BRIDGE_ADDRESS"]
STOP_SECONDS = int(os.environ["STOP_SECONDS"])
HOST = os.environ["LOAD_BALANCER_HOST"].encode()
# Tasks call the emulator by this name.
NAMES = rb"(?:" + re.escape(ADDRESS).encode() + rb"|host\.docker\.internal)"
BROWSER = re.compile(rb"origin|sec-fetch-.*")

guard.SERVICES = (*guard.SERVICES, "ec2", "ecs", "elasticloadbalancing", "iam", "logs", "s3")
guard.LOOPBACK = re.compile(NAMES + rb"(?::\d{1,5})?", re.IGNORECASE)


def is_for_load_balancer(scope):
    if scope["type"] != "http" or not scope["path"].startswith("/_alb/"):
        return False
    names = [name.lower() for name, _ in scope["headers"]]
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    is_ours = [re.sub(rb":\d{1,5}$", b"", host) for host in hosts] == [HOST]
    return is_ours and not any(BROWSER.fullmatch(name) for name in names)


def with_load_balancer(app, guarded):
    async def route(scope, receive, send):
        await (app if is_for_load_balancer(scope) else guarded)(scope, receive, send)

    return route


def honour_stop_timeout():
    """Waits for the StopTimeout of the template, the same for all tasks. MiniStack kills after 5 s by default."""
    from docker.models.containers import Container

    stop = Container.stop

    def stop_patiently(self, **options):
        return stop(self, **{**options, "timeout": STOP_SECONDS})

    Container.stop = stop_patiently


def main():
    port = int(os.environ["GATEWAY_PORT"])
    key = os.environ.pop("EMULATOR_ACCESS_KEY_ID").encode()
    os.environ.update(
        SERVICES=",".join(guard.SERVICES), LAMBDA_STRICT="1", IOT_MTLS_ENABLED="0", SFTP_ENABLED="0"
    )
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    honour_stop_timeout()
    config = Config()
    config.bind = [f"{ADDRESS}:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "ERROR")
    asyncio.run(serve(with_load_balancer(app, guard.guard(app, key)), config, mode="asgi"))


if __name__ == "__main__":
    main()
