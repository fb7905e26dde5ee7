"""Deploys the infrastructure template to this LocalStack once it is up.

LocalStack runs this file in its own interpreter, which has boto3. `aws cloudformation deploy` would sleep 30 seconds
between polls. To deploy again by hand:

    docker compose exec localstack .venv/bin/python /etc/localstack/init/ready.d/10-deploy.py
"""

import json
import os
import signal
import sys
import time

import botocore.session
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

# `npm run local` uses this file for MiniStack and sets these variables.
TEMPLATE = os.environ.get("TEMPLATE") or "/etc/localstack/infrastructure/template.yaml"
EMULATOR_URL = os.environ.get("EMULATOR_URL") or "http://127.0.0.1:4566"
ACCESS_KEY_ID = os.environ.get("EMULATOR_ACCESS_KEY_ID") or "test"
SECRET_ACCESS_KEY = os.environ.get("EMULATOR_SECRET_ACCESS_KEY") or "test"
# The services' region. AWS_REGION of a shell refers to AWS itself.
REGION = "us-east-1"
# The shell's profile, config file and proxy do not apply to an emulator. They are ignored here, because this file may
# run in LocalStack's process, whose environment must not change.
NO_PROFILE = {
    "profile": (None, [], None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
# In Compose, topology.py passes the settings through this folder. A set variable overrides them.
SETTINGS_FOLDER = "/etc/localstack/topology"
SETTINGS_FILE = f"{SETTINGS_FOLDER}/settings.json"
PREVIOUS_SETTINGS_FILE = f"{SETTINGS_FOLDER}/previous.json"
# Not in that folder, because it outlives the container.
NOT_NEW_FILE = "/tmp/orderflow-deployed"
SETTINGS_WITHIN_SECONDS = 15
# An unset or empty variable keeps the template's default.
PARAMETERS = {
    "Stage": "STAGE",
    "Durable": "DURABLE",
    "NotifyOnOrderOutcome": "NOTIFY_ON_ORDER_OUTCOME",
    "VisibilityTimeoutSeconds": "VISIBILITY_TIMEOUT_SECONDS",
    "MaxReceiveCount": "MAX_RECEIVE_COUNT",
}
# LocalStack sets this variable for its hooks.
IS_HOOK = "SUPERVISOR_PID" in os.environ
POLL_SECONDS = 0.1
DEADLINE_SECONDS = 60
# States after a failed creation: such a stack can be deleted, but not updated.
NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
# An emulator skips an unknown type, for example a misspelt one, and reports success.
KNOWN_TYPES = (
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
)
POLICY = "AWS::IAM::ManagedPolicy"
RULE = "AWS::Events::Rule"
TABLE = "AWS::DynamoDB::Table"
# LocalStack reports success but changes nothing when these are modified or removed. For rules and policies, see
# change_rule and change_policy.
NOT_CHANGED_IN_PLACE = (TABLE, "AWS::Events::EventBus")
# The exceptions are these properties of a table: see change_table and set_time_to_live.
CHANGED_HERE = {"DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "TimeToLiveSpecification"}


class DeploymentFailed(Exception):
    pass


class TemplateLoader(yaml.SafeLoader):
    """A YAML loader that ignores the values of short forms such as !Ref."""


TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


def say(text):
    for line in text.splitlines():
        print(f"orderflow: {line}", flush=True)


def await_settings():
    """A new container waits for the settings of its `up`. Settings that are already there may belong to an earlier one."""
    if not os.path.isdir(SETTINGS_FOLDER) or os.path.exists(NOT_NEW_FILE):
        return
    if os.path.exists(SETTINGS_FILE):
        os.replace(SETTINGS_FILE, PREVIOUS_SETTINGS_FILE)
    give_up = time.monotonic() + SETTINGS_WITHIN_SECONDS
    while not os.path.exists(SETTINGS_FILE):
        if time.monotonic() > give_up:
            say("the service topology was not started with LocalStack: the settings of the last time apply")
            break
        time.sleep(POLL_SECONDS)


def read_settings():
    handed = {}
    for path in (SETTINGS_FILE, PREVIOUS_SETTINGS_FILE):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                handed = json.load(file)
            break
    return {**handed, **{name: value for name, value in os.environ.items() if value}}


def create_client(service):
    return botocore.session.Session(session_vars=NO_PROFILE).create_client(
        service,
        endpoint_url=EMULATOR_URL,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(proxies={}, use_fips_endpoint=False, use_dualstack_endpoint=False),
    )


def deploy():
    started = time.monotonic()
    settings = read_settings()
    stack = f"orderflow-{settings.get('STAGE', 'local')}"
    cloudformation = create_client("cloudformation")
    try:
        with open(TEMPLATE, encoding="utf-8") as file:
            template = file.read()
    except OSError as error:
        raise DeploymentFailed(f"the template cannot be read: {error}") from error
    request = {
        "StackName": stack,
        "TemplateBody": template,
        # The policies have names.
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": parameter, "ParameterValue": settings[variable]}
            for parameter, variable in PARAMETERS.items()
            if variable in settings
        ],
    }

    status = settled_status(cloudformation, stack)
    if status in NEVER_CREATED:
        say(f"stack {stack} is left over from a failed attempt ({status}): deleting it first")
        cloudformation.delete_stack(StackName=stack)
        status = settled_status(cloudformation, stack)
        if status is not None:
            raise DeploymentFailed(f"the left-over stack {stack} cannot be deleted, it is {status}")

    left_out = []
    if status is None:
        cloudformation.create_stack(**request)
    else:
        left_out = start_update(cloudformation, request)
        if left_out is None:
            say(f"stack {stack} is up to date")
            return

    status = settled_status(cloudformation, stack)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeploymentFailed("\n".join([f"stack {stack} ended as {status}", *failures(cloudformation, stack)]))
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    try:
        refuse_unknown(resources)
    except DeploymentFailed:
        # Otherwise the next attempt would find the stack up to date.
        cloudformation.delete_stack(StackName=stack)
        raise
    # After the stack, because the queues may be new.
    for change in left_out:
        service, make = MADE_HERE[change["ResourceType"]]
        make(create_client(service), change)
    set_time_to_live(template, resources)
    say(f"stack {stack}: {status} in {time.monotonic() - started:.1f} s")


def start_update(cloudformation, request):
    """Returns the changes that the emulator leaves out, or None when nothing changes."""
    name = {"StackName": request["StackName"], "ChangeSetName": f"update-{time.time_ns()}"}
    cloudformation.create_change_set(**request, ChangeSetName=name["ChangeSetName"], ChangeSetType="UPDATE")
    change_set = poll(
        lambda: cloudformation.describe_change_set(**name, IncludePropertyValues=True),
        lambda found: found["Status"] in ("CREATE_COMPLETE", "FAILED"),
    )
    if change_set["Status"] == "FAILED":
        if "didn't contain changes" in change_set.get("StatusReason", ""):
            return None
        raise DeploymentFailed(change_set.get("StatusReason", "the change set failed without a reason"))

    changes = [change["ResourceChange"] for change in change_set["Changes"]]
    refuse_unknown(changes)
    # MiniStack shows no values. It makes the changes itself, and fails if it would have to replace a table.
    shows_values = any("BeforeContext" in change or "AfterContext" in change for change in changes)
    impossible = [
        f"{change['LogicalResourceId']} ({change['ResourceType']}): {change['Action']}"
        for change in changes
        if change["ResourceType"] in NOT_CHANGED_IN_PLACE
        and change["Action"] != "Add"
        and (change["Action"] == "Remove" or (shows_values and not changed_properties(change) <= CHANGED_HERE))
    ]
    if impossible:
        raise DeploymentFailed(
            "the emulator cannot make these changes to a stack that exists, and nothing was changed:\n"
            + "\n".join(impossible)
            + "\nLocalStack makes them when it starts again, without its data: docker compose restart localstack, and then"
            + "\nthe same command again. To keep the data, undo the change, and then the same command again."
        )
    cloudformation.execute_change_set(**name)
    if not shows_values:
        return []
    return [change for change in changes if change["ResourceType"] in MADE_HERE and change["Action"] != "Add"]


def before_and_after(change):
    """Returns the properties of a resource, None where it does not exist."""
    before, after = (
        json.loads(change[context])["Properties"] if change.get(context) else None
        for context in ("BeforeContext", "AfterContext")
    )
    if before is None:
        raise DeploymentFailed(f"the emulator does not say how {change['LogicalResourceId']} changes")
    return before, after


def changed_properties(change):
    before, after = before_and_after(change)
    return {name for name in before | (after or {}) if before.get(name) != (after or {}).get(name)}


def change_table(dynamodb, change):
    _, after = before_and_after(change)
    changed = changed_properties(change)
    if "DeletionProtectionEnabled" in changed:
        protected = after.get("DeletionProtectionEnabled", False)
        dynamodb.update_table(TableName=after["TableName"], DeletionProtectionEnabled=protected)
    if "PointInTimeRecoverySpecification" in changed:
        recovery = after.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
        dynamodb.update_continuous_backups(TableName=after["TableName"], PointInTimeRecoverySpecification=recovery)


def set_time_to_live(template, resources):
    """MiniStack's CloudFormation never sets it, and LocalStack's only when it makes the table."""
    defined = yaml.load(template, TemplateLoader)["Resources"]
    dynamodb = create_client("dynamodb")
    for resource in resources:
        if resource["ResourceType"] != TABLE:
            continue
        wanted = defined[resource["LogicalResourceId"]]["Properties"].get("TimeToLiveSpecification")
        name = resource["PhysicalResourceId"]
        found = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        is_on = found["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
        if wanted and not (is_on and found.get("AttributeName") == wanted["AttributeName"]):
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
        elif is_on and not wanted:
            off = {"AttributeName": found["AttributeName"], "Enabled": False}
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=off)


def change_rule(events, change):
    before, after = before_and_after(change)
    key = (before["EventBusName"], before["Name"])
    stays = after is not None and (after["EventBusName"], after["Name"]) == key
    kept = {target["Id"] for target in after.get("Targets", [])} if stays else set()
    gone = [target["Id"] for target in before.get("Targets", []) if target["Id"] not in kept]
    if gone:
        events.remove_targets(EventBusName=key[0], Rule=key[1], Ids=gone)
    if not stays:
        events.delete_rule(EventBusName=key[0], Name=key[1])
    if after:
        properties = {name: after[name] for name in ("Name", "EventBusName", "Description") if name in after}
        events.put_rule(
            **properties, State=after.get("State", "ENABLED"), EventPattern=json.dumps(after["EventPattern"])
        )
        if after.get("Targets"):
            events.put_targets(EventBusName=after["EventBusName"], Rule=after["Name"], Targets=after["Targets"])


def change_policy(iam, change):
    """Keeps a removed policy, which has no effect: the emulators do not evaluate policies."""
    _, after = before_and_after(change)
    if after is None:
        return
    arn = change["PhysicalResourceId"]
    # A policy can have at most five versions.
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(after["PolicyDocument"]), SetAsDefault=True)


MADE_HERE = {
    POLICY: ("iam", change_policy),
    RULE: ("events", change_rule),
    TABLE: ("dynamodb", change_table),
}


def settled_status(cloudformation, stack):
    """Returns the stack's status once nothing is in progress, or None when there is no such stack."""

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


def refuse_unknown(resources):
    unknown = [
        f"{resource['LogicalResourceId']} ({resource['ResourceType']})"
        for resource in resources
        if resource["ResourceType"] not in KNOWN_TYPES
    ]
    if unknown:
        raise DeploymentFailed("\n".join(["these resources are of a type that the emulator does not make:", *unknown]))


def failures(cloudformation, stack):
    """Returns one line per failed resource, the first failure first."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]


try:
    if IS_HOOK:
        await_settings()
    deploy()
    if IS_HOOK:
        with open(NOT_NEW_FILE, "w", encoding="utf-8"):
            pass
except Exception as error:
    say(f"NOT DEPLOYED. The reason:\n{str(error) or repr(error)}")
    for parameter, variable in PARAMETERS.items():
        if f"'{parameter}'" in str(error):
            say(f"The parameter {parameter} comes from the variable {variable}.")
    if not IS_HOOK:
        sys.exit(1)
    # LocalStack would continue without its resources. Stopping it fails `docker compose up --wait` at once, without
    # waiting for the health check's start period.
    say("stopping LocalStack, because nothing may run on half a topology")
    os.kill(int(os.environ["SUPERVISOR_PID"]), signal.SIGTERM)
    raise RuntimeError("not deployed, the reason is above") from None
