"""Deploys the template, with the settings of this `docker compose up`, to the LocalStack that runs.

The service `topology` runs this at each `up`. In LocalStack's own environment a changed setting would recreate its
container, and all data would be gone. So the settings are handed to LocalStack's hook in a file, and what has changed
since the hook has run is deployed from here.
"""

import http.client
import json
import os
import socket
import sys
import time

HOST = "localstack"
PORT = 4566
SETTINGS = ("STAGE", "NOTIFY_ON_ORDER_OUTCOME", "VISIBILITY_TIMEOUT_SECONDS")
SETTINGS_FILE = "/etc/localstack/topology/settings.json"
DEPLOY = "/etc/localstack/init/ready.d/10-deploy.py"
# Longer than LocalStack's health check waits.
GIVE_UP_AFTER_SECONDS = 150
ANSWERS_WITHIN_SECONDS = 5
POLL_SECONDS = 0.2


def write_settings():
    # Renamed into place: the hook may look at the same time.
    new = f"{SETTINGS_FILE}.new"
    with open(new, "w", encoding="utf-8") as file:
        json.dump({name: os.environ[name] for name in SETTINGS if os.environ.get(name)}, file)
    os.replace(new, SETTINGS_FILE)


def leave_it_to_localstack(text):
    """Not a failure here: `up` fails by the state of LocalStack, and names that."""
    print(f"orderflow: {text}. Why: docker compose logs localstack", flush=True)
    sys.exit(0)


def hook_has_ended():
    connection = http.client.HTTPConnection(HOST, PORT, timeout=ANSWERS_WITHIN_SECONDS)
    try:
        connection.request("GET", "/_localstack/init/ready")
        return json.load(connection.getresponse())["completed"]
    except socket.gaierror:
        # It was started before this container.
        leave_it_to_localstack("LocalStack has ended")
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


give_up = time.monotonic() + GIVE_UP_AFTER_SECONDS
write_settings()
while not hook_has_ended():
    if time.monotonic() > give_up:
        leave_it_to_localstack("LocalStack's hook does not end")
    # The hook of a new LocalStack takes the file away, in case that it is an old one, and waits for it to come back.
    if not os.path.exists(SETTINGS_FILE):
        write_settings()
    time.sleep(POLL_SECONDS)
os.environ["EMULATOR_URL"] = f"http://{HOST}:{PORT}"
os.execv(sys.executable, [sys.executable, "-I", DEPLOY])
