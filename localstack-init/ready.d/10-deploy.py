"""Deploys the infrastructure template to this LocalStack once it is up.

LocalStack runs this file in its own interpreter: boto3 is there, nothing has to be started, and polling is up to us
(`aws cloudformation deploy` sleeps 30 seconds between two looks). By hand it deploys once more:

    docker compose exec localstack .venv/bin/python /etc/localstack/init/ready.d/10-deploy.py
"""

import os
import signal
import sys
import time

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

# `npm run local` deploys to the embedded emulator with this same file, and names its key.
TEMPLATE = os.environ.get("TEMPLATE") or "/etc/localstack/infrastructure/template.yaml"
EMULATOR_URL = os.environ.get("EMULATOR_URL") or "http://127.0.0.1:4566"
ACCESS_KEY_ID = os.environ.get("EMULATOR_ACCESS_KEY_ID") or "test"
SECRET_ACCESS_KEY = os.environ.get("EMULATOR_SECRET_ACCESS_KEY") or "test"
# Where the services look; AWS_REGION of a shell means AWS itself.
REGION = "us-east-1"
# Whose profile, config file and proxy the shell names is not for an emulator. Ignored here: this file may run in
# LocalStack's own process, whose environment is not ours to change.
NO_PROFILE = {
    "profile": (None, [], None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
# A variable that is unset or empty leaves the template's default alone.
PARAMETERS = {
    "Stage": "STAGE",
    "Durable": "DURABLE",
    "NotifyOnOrderOutcome": "NOTIFY_ON_ORDER_OUTCOME",
    "VisibilityTimeoutSeconds": "VISIBILITY_TIMEOUT_SECONDS",
    "MaxReceiveCount": "MAX_RECEIVE_COUNT",
}
POLL_SECONDS = 0.1
DEADLINE_SECONDS = 60
# What a stack is in when its creation failed: it can be deleted, but not updated.
NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
# An emulator skips a type that it does not know, as a misspelt one, and reports success.
KNOWN_TYPES = (
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
)
# LocalStack reports success and changes nothing when these are modified or removed.
NOT_CHANGED_IN_PLACE = ("AWS::DynamoDB::Table", "AWS::Events::Rule", "AWS::Events::EventBus")


class DeploymentFailed(Exception):
    pass


def say(text):
    for line in text.splitlines():
        print(f"orderflow: {line}", flush=True)


def deploy():
    started = time.monotonic()
    stack = f"orderflow-{os.environ.get('STAGE') or 'local'}"
    cloudformation = botocore.session.Session(session_vars=NO_PROFILE).create_client(
        "cloudformation",
        endpoint_url=EMULATOR_URL,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(proxies={}, use_fips_endpoint=False, use_dualstack_endpoint=False),
    )
    try:
        with open(TEMPLATE, encoding="utf-8") as file:
            template = file.read()
    except OSError as error:
        raise DeploymentFailed(f"the template cannot be read: {error}") from error
    request = {
        "StackName": stack,
        "TemplateBody": template,
        "Parameters": [
            {"ParameterKey": parameter, "ParameterValue": os.environ[variable]}
            for parameter, variable in PARAMETERS.items()
            if os.environ.get(variable)
        ],
    }

    status = settled_status(cloudformation, stack)
    if status in NEVER_CREATED:
        say(f"stack {stack} is left over from a failed attempt ({status}): deleting it first")
        cloudformation.delete_stack(StackName=stack)
        status = settled_status(cloudformation, stack)
        if status is not None:
            raise DeploymentFailed(f"the left-over stack {stack} cannot be deleted, it is {status}")

    if status is None:
        cloudformation.create_stack(**request)
    elif not start_update(cloudformation, request):
        say(f"stack {stack} is up to date")
        return

    status = settled_status(cloudformation, stack)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeploymentFailed("\n".join([f"stack {stack} ended as {status}", *failures(cloudformation, stack)]))
    unknown = unknown_resources(cloudformation, stack)
    if unknown:
        # Deleted, or the next attempt would find the stack up to date.
        cloudformation.delete_stack(StackName=stack)
        raise DeploymentFailed("\n".join(["these resources are of a type that the emulator does not make:", *unknown]))
    say(f"stack {stack}: {status} in {time.monotonic() - started:.1f} s")


def start_update(cloudformation, request):
    """False when there is nothing to change."""
    name = {"StackName": request["StackName"], "ChangeSetName": f"update-{time.time_ns()}"}
    cloudformation.create_change_set(**request, ChangeSetName=name["ChangeSetName"], ChangeSetType="UPDATE")
    change_set = poll(
        lambda: cloudformation.describe_change_set(**name),
        lambda found: found["Status"] in ("CREATE_COMPLETE", "FAILED"),
    )
    if change_set["Status"] == "FAILED":
        if "didn't contain changes" in change_set.get("StatusReason", ""):
            return False
        raise DeploymentFailed(change_set.get("StatusReason", "the change set failed without a reason"))

    changes = [change["ResourceChange"] for change in change_set["Changes"]]
    impossible = [
        f"{change['LogicalResourceId']} ({change['ResourceType']}): {change['Action']}"
        for change in changes
        if change["ResourceType"] in NOT_CHANGED_IN_PLACE and change["Action"] != "Add"
    ]
    if impossible:
        raise DeploymentFailed(
            "the emulator cannot make these changes to a stack that exists, and nothing was changed. A fresh start makes\n"
            "them, and loses the data: docker compose up -d --force-recreate --wait\n" + "\n".join(impossible)
        )
    cloudformation.execute_change_set(**name)
    return True


def settled_status(cloudformation, stack):
    """The stack's status once nothing is in progress; None when there is no such stack."""

    def status():
        try:
            found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return None
        return None if found == "DELETE_COMPLETE" else found

    return poll(status, lambda found: found is None or not found.endswith("_IN_PROGRESS"))


def poll(look, is_done):
    give_up = time.monotonic() + DEADLINE_SECONDS
    while not is_done(found := look()):
        if time.monotonic() > give_up:
            raise DeploymentFailed(f"gave up after {DEADLINE_SECONDS} s, the last answer was {found}")
        time.sleep(POLL_SECONDS)
    return found


def unknown_resources(cloudformation, stack):
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return [
        f"{resource['LogicalResourceId']} ({resource['ResourceType']})"
        for resource in resources
        if resource["ResourceType"] not in KNOWN_TYPES
    ]


def failures(cloudformation, stack):
    """A line for each resource that failed, the first failure first."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]


try:
    deploy()
except Exception as error:
    say(f"NOT DEPLOYED. The reason:\n{str(error) or repr(error)}")
    if "SUPERVISOR_PID" not in os.environ:  # run by hand
        sys.exit(1)
    # LocalStack would go on without its resources. Stopped, it fails `docker compose up --wait` at once, and not only
    # when the health check's start period has passed.
    say("stopping LocalStack, because nothing may run on half a topology")
    os.kill(int(os.environ["SUPERVISOR_PID"]), signal.SIGTERM)
    raise RuntimeError("not deployed, the reason is above") from None
