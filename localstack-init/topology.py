"""Deploys the template with the settings of this `docker compose up` to the running LocalStack.

The service `topology` runs this at each `up`. A changed setting in LocalStack's environment would recreate its container
and lose all data. So a file passes the settings to LocalStack's hook, and this script deploys later changes.
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
# Longer than LocalStack's health check.
GIVE_UP_AFTER_SECONDS = 150
ANSWERS_WITHIN_SECONDS = 5
POLL_SECONDS = 0.2


def write_settings():
    # Renamed into place, because the hook may read at the same time.
    new = f"{SETTINGS_FILE}.new"
    with open(new, "w", encoding="utf-8") as file:
        json.dump({name: os.environ[name] for name in SETTINGS if os.environ.get(name)}, file)
    os.replace(new, SETTINGS_FILE)


def leave_it_to_localstack(text):
    """Exits 0: `up` fails because of LocalStack's own state, and reports that."""
    print(f"orderflow: {text}. Why: docker compose logs localstack", flush=True)
    sys.exit(0)


def hook_has_ended():
    connection = http.client.HTTPConnection(HOST, PORT, timeout=ANSWERS_WITHIN_SECONDS)
    try:
        connection.request("GET", "/_localstack/init/ready")
        return json.load(connection.getresponse())["completed"]
    except socket.gaierror:
        # It started before this container, so its name was known.
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
    # The hook of a new LocalStack removes the file, which may be old, and waits for a new one.
    if not os.path.exists(SETTINGS_FILE):
        write_settings()
    time.sleep(POLL_SECONDS)
os.environ["EMULATOR_URL"] = f"http://{HOST}:{PORT}"
os.execv(sys.executable, [sys.executable, "-I", DEPLOY])
