"""Deploys a stack, and prints it and its roles as JSON: what IAM says, not what the template says.

Reads {"url", "accessKeyId", "secretAccessKey", "stack", "template", "parameters"} from stdin.
"""

import json
import os
import sys
import time

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
NO_PROFILE = {
    "profile": (None, [], None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
DEADLINE_SECONDS = 60
asked = json.load(sys.stdin)


def create_client(service):
    return botocore.session.Session(session_vars=NO_PROFILE).create_client(
        service,
        endpoint_url=asked["url"],
        region_name=REGION,
        aws_access_key_id=asked["accessKeyId"],
        aws_secret_access_key=asked["secretAccessKey"],
        config=Config(proxies={}),
    )


cloudformation, iam, ecs = (create_client(service) for service in ("cloudformation", "iam", "ecs"))


def deploy():
    change = {
        "StackName": asked["stack"],
        "TemplateBody": asked["template"],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in asked["parameters"].items()],
    }
    try:
        cloudformation.create_stack(**change)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise
        cloudformation.update_stack(**change)
    give_up = time.monotonic() + DEADLINE_SECONDS
    while True:
        stack = cloudformation.describe_stacks(StackName=asked["stack"])["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        if time.monotonic() > give_up:
            raise SystemExit(f"{asked['stack']} is still {stack['StackStatus']}")
        time.sleep(0.1)


def document_of(arn):
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def role_of(name):
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "arn": iam.get_role(RoleName=name)["Role"]["Arn"],
        "trust": iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"],
        "attached": {policy["PolicyArn"]: document_of(policy["PolicyArn"]) for policy in attached},
        "inline": [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline],
    }


def task_of(arn):
    task = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return {key: task[key] for key in ("taskRoleArn", "executionRoleArn", "containerDefinitions")}


stack = deploy()
events = cloudformation.describe_stack_events(StackName=asked["stack"])["StackEvents"]
resources = cloudformation.describe_stack_resources(StackName=asked["stack"])["StackResources"]
ids = {type: [] for type in ("AWS::IAM::Role", "AWS::ECS::TaskDefinition")}
for resource in resources:
    ids.setdefault(resource["ResourceType"], []).append((resource["LogicalResourceId"], resource["PhysicalResourceId"]))
tasks = [task_of(arn) for _, arn in ids["AWS::ECS::TaskDefinition"]]
print(
    json.dumps(
        {
            "status": stack["StackStatus"],
            "failed": [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
                for event in events
                if event["ResourceStatus"].endswith("FAILED")
            ],
            "exports": {
                output["ExportName"]: output["OutputValue"]
                for output in stack.get("Outputs", [])
                if "ExportName" in output
            },
            "resources": [resource["LogicalResourceId"] for resource in resources],
            "roles": {id: role_of(name) for id, name in ids["AWS::IAM::Role"]},
            "tasks": tasks,
        }
    )
)
