"""moto's server, with four gaps closed, so that it takes the template as it stands.

python simulator.py -H HOST -p PORT
"""

import json
from datetime import datetime, timezone

from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.subnets import SubnetRouteTableAssociation
from moto.rds.models import DBInstance
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import main
from moto.ssm.models import Parameter, ssm_backends

ACCOUNT = "123456789012"
REGION = "us-east-1"
IMAGE_PARAMETER = "/aws/service/debian/release/12/latest/amd64"
IMAGE = "ami-03cf127a"  # one of those that moto knows


class Secret(CloudFormationModel):
    """moto has secrets, but CloudFormation does not know of them there."""

    __module__ = "moto.secretsmanager.models"  # moto takes the name of the service from it

    def __init__(self, arn: str):
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **keywords):
        properties = cloudformation_json["Properties"]
        wanted = properties["GenerateSecretString"]
        backend = secretsmanager_backends[account_id][region_name]
        value = json.loads(
            backend.get_random_password(
                password_length=wanted.get("PasswordLength", 32),
                exclude_characters=wanted.get("ExcludeCharacters", ""),
                exclude_numbers=wanted.get("ExcludeNumbers", False),
                exclude_punctuation=wanted.get("ExcludePunctuation", False),
                exclude_uppercase=wanted.get("ExcludeUppercase", False),
                exclude_lowercase=wanted.get("ExcludeLowercase", False),
                include_space=wanted.get("IncludeSpace", False),
                require_each_included_type=wanted.get("RequireEachIncludedType", True),
            )
        )["RandomPassword"]
        if "GenerateStringKey" in wanted:
            value = json.dumps({**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: value})
        name = properties.get("Name", resource_name)
        secret = backend.create_secret(
            name=name,
            secret_string=value,
            secret_binary=None,
            description=properties.get("Description"),
            tags=[],
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(secret)["ARN"])


def publish_image() -> None:
    """moto lacks Debian's public parameter, and lets nobody take a name below /aws."""
    parameters = ssm_backends[ACCOUNT][REGION]._parameters
    parameters[IMAGE_PARAMETER].append(
        Parameter(
            account_id=ACCOUNT,
            name=IMAGE_PARAMETER,
            value=IMAGE,
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=datetime.now(timezone.utc),
            version=1,
            data_type="text",
        )
    )


def understand_databases() -> None:
    """moto passes on a parameter group itself where its name is wanted, and misspells VPCSecurityGroups."""
    create = DBInstance.create_from_cloudformation_json.__func__

    def create_database(cls, resource_name, cloudformation_json, *arguments, **keywords):
        properties = dict(cloudformation_json["Properties"])
        group = properties.get("DBParameterGroupName")
        properties["DBParameterGroupName"] = getattr(group, "name", group)
        properties["VpcSecurityGroupIds"] = properties.get("VPCSecurityGroups", [])
        return create(cls, resource_name, {**cloudformation_json, "Properties": properties}, *arguments, **keywords)

    DBInstance.create_from_cloudformation_json = classmethod(create_database)


def associate_route_tables() -> None:
    """moto notes that a subnet has a route table, but does not tell the table."""
    create = SubnetRouteTableAssociation.create_from_cloudformation_json.__func__

    def create_association(cls, resource_name, cloudformation_json, account_id, region_name, **keywords):
        properties = cloudformation_json["Properties"]
        ec2_backends[account_id][region_name].associate_route_table(
            route_table_id=properties["RouteTableId"], subnet_id=properties["SubnetId"]
        )
        return create(cls, resource_name, cloudformation_json, account_id, region_name, **keywords)

    SubnetRouteTableAssociation.create_from_cloudformation_json = classmethod(create_association)


if __name__ == "__main__":
    publish_image()
    understand_databases()
    associate_route_tables()
    main()
