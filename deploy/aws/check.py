"""Makes the stack of a template on a simulated AWS and looks at what has come of it: python check.py TEMPLATE

The simulation is moto, through simulator.py beside this file. What moto does not show is read in the template itself,
or named at the end. Every sentence that is printed is one assertion.
"""

import base64
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from cfnlint.decode.cfn_yaml import load

HERE = Path(__file__).parent
STACK = "miniter"
PACKAGE = "example-packages/miniter_1.0.0_amd64.deb"
IMAGE_PARAMETER = "/aws/service/debian/release/12/latest/amd64"
EVERYBODY = "0.0.0.0/0"
# All that may reach anything: whose group, which way, which port, who is at the other end.
REACH = {
    ("BalancerGroup", "in", 443, EVERYBODY),
    ("BalancerGroup", "in", 80, EVERYBODY),
    ("BalancerGroup", "out", 5000, "NodeGroup"),
    ("NodeGroup", "in", 5000, "BalancerGroup"),
    ("NodeGroup", "out", 443, EVERYBODY),
    ("NodeGroup", "out", 3306, "DatabaseGroup"),
    ("DatabaseGroup", "in", 3306, "NodeGroup"),
}
ACTIONS = {
    "secretsmanager:GetSecretValue",
    "s3:GetObject",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "cloudwatch:PutMetricData",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "cloudformation:SignalResource",
    "elasticloadbalancing:DescribeTargetHealth",
}
ALARMS = {
    "UnHealthyHostCount",
    "HealthyHostCount",
    "HTTPCode_Target_5XX_Count",
    "HTTPCode_ELB_5XX_Count",
    "TargetResponseTime",
    "CPUUtilization",
    "FreeStorageSpace",
    "DatabaseConnections",
}
NOT_SHOWN = """\
in which zone an instance is: moto puts all of a group into its first subnet (the subnets are looked at instead)
whether a node gets healthy: moto calls every target so (the user data is run with stand-ins for the commands it calls)
how a rolling update goes, and that CloudFormation waits for signals: moto replaces the group (the policy is read)
that {{resolve:…}} becomes the password: moto leaves it as it stands (the template is read)
outgoing rules, alarms, the balancer's type, its and its targets' attributes: not made by moto (the template is read)
whether the addresses the packages come from answer"""

failures = 0


def check(holds, sentence, found=None):
    """Prints one assertion. `found` is printed where it does not hold."""
    global failures
    if holds:
        print(f"  ok      {sentence}")
    else:
        failures += 1
        print(f"  FAILED  {sentence}" + ("" if found is None else f"; found: {found}"))


def equal(found, wanted, sentence):
    check(found == wanted, sentence, found)


class Simulation:
    """moto on a free port of the loopback, for as long as the `with` lasts."""

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        for _ in range(20):
            port = random.randint(20_000, 31_999)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    continue
            self.process = subprocess.Popen(
                [sys.executable, HERE / "simulator.py", "-H", "127.0.0.1", "-p", str(port)],
                stdout=self.log,
                stderr=subprocess.STDOUT,
            )
            self.url = f"http://127.0.0.1:{port}"
            if self.is_up(port):
                return self
            self.stop()
        self.log.seek(0)
        sys.exit(f"moto does not start:\n{self.log.read()}")

    def is_up(self, port):
        for _ in range(300):
            if self.process.poll() is not None:
                return False
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            time.sleep(0.1)
        return False

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
        )

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.log.close()


def resources_of(template, kind):
    return {name: body for name, body in template["Resources"].items() if body["Type"] == kind}


def plain(value):
    """A reference as the name of what it refers to."""
    if isinstance(value, dict) and len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return argument
        if function == "Fn::GetAtt":
            return argument[0] if isinstance(argument, list) else argument.split(".")[0]
    return value


def reach_of(template):
    """What the security groups of the template allow, and those that state no egress: they allow everything."""
    reach, careless = set(), set()

    def add(group, way, rule):
        other = plain(
            rule.get("CidrIp")
            or rule.get("CidrIpv6")
            or rule.get("SourceSecurityGroupId")
            or rule.get("DestinationSecurityGroupId")
            or rule.get("SourcePrefixListId")
            or rule.get("DestinationPrefixListId")
        )
        if way == "out" and other == "127.0.0.1/32":
            return  # Nobody is there.
        protocol, first, last = (str(rule.get(key)) for key in ("IpProtocol", "FromPort", "ToPort"))
        port = int(first) if protocol == "tcp" and first == last else f"{protocol} {first}-{last}"
        reach.add((group, way, port, other))

    for name, group in resources_of(template, "AWS::EC2::SecurityGroup").items():
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            add(name, "in", rule)
        if not group["Properties"].get("SecurityGroupEgress"):
            careless.add(name)
        for rule in group["Properties"].get("SecurityGroupEgress", []):
            add(name, "out", rule)
    for kind, way in (("AWS::EC2::SecurityGroupIngress", "in"), ("AWS::EC2::SecurityGroupEgress", "out")):
        for rule in resources_of(template, kind).values():
            add(plain(rule["Properties"]["GroupId"]), way, rule["Properties"])
    return reach, careless


def attributes(resource, name):
    return {entry["Key"]: entry["Value"] for entry in resource["Properties"].get(name, [])}


def check_template(template):
    """What moto ignores."""
    print("The template says:")
    resources = template["Resources"]
    reach, careless = reach_of(template)
    equal(reach ^ REACH, set(), "the security groups allow exactly what they have to, in and out (else: what differs)")
    equal(careless, set(), "each security group states what may go out, or else everything might")

    equal(template["Parameters"]["ImageId"].get("Default"), IMAGE_PARAMETER, "the image is Debian's newest, for amd64")

    equal(resources["Balancer"]["Properties"].get("Type"), "application", "the balancer is one for applications")
    targets = attributes(resources["Targets"], "TargetGroupAttributes")
    equal(targets.get("load_balancing.algorithm.type"), "round_robin", "the balancer sends to the nodes in turn")
    equal(targets.get("stickiness.enabled"), "false", "no client is bound to a node")
    delay = int(targets.get("deregistration_delay.timeout_seconds", 300))
    check(5 <= delay <= 60, "a node that leaves has 5 to 60 seconds for what has been begun", delay)
    idle = int(attributes(resources["Balancer"], "LoadBalancerAttributes").get("idle_timeout.timeout_seconds", 60))
    check(idle < 75, "the balancer gives up idle connections before miniter does, which keeps them for 75 s", idle)

    nodes = resources["Nodes"]
    equal(nodes["Properties"].get("HealthCheckType"), "ELB", "who is healthy is the balancer's verdict")
    wait = nodes.get("CreationPolicy", {}).get("ResourceSignal", {})
    equal(int(wait.get("Count", 0)), 2, "the stack is complete when two nodes have said that they are ready")
    rolling = nodes.get("UpdatePolicy", {}).get("AutoScalingRollingUpdate", {})
    equal(rolling.get("MaxBatchSize"), 1, "an update replaces one node at a time")
    equal(rolling.get("MinInstancesInService"), 1, "an update leaves one node in service")
    check(
        int(rolling.get("MinInstancesInService", 0)) < int(nodes["Properties"]["MaxSize"]),
        "an update can take a node away: MinInstancesInService is less than MaxSize",
    )
    check(rolling.get("WaitOnResourceSignals") is True, "an update waits until a new node says that it is ready")
    needed = {"Launch", "Terminate", "AddToLoadBalancer"} & set(rolling.get("SuspendProcesses", []))
    equal(needed, set(), "an update suspends nothing that it needs")
    after = set(nodes.get("DependsOn", []))
    check(
        {
            "HttpsListener",
            "NodePolicy",
            "NodeRouteA",
            "NodeRouteB",
            "NodeRoutesOfA",
            "NodeRoutesOfB",
            "BalancerToNodes",
            "NodesToDatabase",
        }
        <= after,
        "no node is made before it has rights, a way out and a balancer that asks for it",
        after,
    )

    database = resources["Database"]
    equal(database.get("DeletionPolicy"), "Snapshot", "the database leaves a snapshot when it is deleted")
    equal(database.get("UpdateReplacePolicy"), "Snapshot", "the database leaves a snapshot when it is replaced")
    equal(
        plain(database["Properties"].get("DeletionProtection")),
        "DatabaseDeletionProtection",
        "the database is protected from deletion by a parameter",
    )
    equal(
        template["Parameters"]["DatabaseDeletionProtection"]["Default"], "true", "the protection is on unless one asks"
    )
    equal(
        database["Properties"].get("MasterUserPassword"),
        {"Fn::Sub": "{{resolve:secretsmanager:${DatabaseSecret}:SecretString}}"},
        "the database has the password that is in the secret",
    )
    for name in ("StorageEncrypted", "DBName", "MasterUsername", "AllocatedStorage"):
        equal(
            database["Properties"].get(name, {}).get("Fn::If", [""] * 3)[:2],
            ["FromSnapshot", {"Ref": "AWS::NoValue"}],
            f"a database that is made from a snapshot does not say {name}, which the snapshot knows",
        )

    alarms = resources_of(template, "AWS::CloudWatch::Alarm").values()
    equal({alarm["Properties"]["MetricName"] for alarm in alarms}, ALARMS, "there is an alarm for each of the metrics")
    silent = [a["Properties"]["MetricName"] for a in alarms if {"Ref": "Alarms"} not in a["Properties"]["AlarmActions"]]
    equal(silent, [], "each alarm goes to the topic")
    slow = resources["SlowAnswers"]["Properties"]
    equal(slow.get("ExtendedStatistic"), "p99", "the alarm about slow answers is about the p99")


def make_stack(simulation, template):
    """Makes the stack and gives back its clients and the physical ids of its resources."""
    certificate = simulation.client("acm").request_certificate(DomainName="miniter.example.com")["CertificateArn"]
    given = {"PackageUrl": f"s3://{PACKAGE}", "CertificateArn": certificate, "AlarmEmail": "somebody@example.com"}
    cloudformation = simulation.client("cloudformation")
    try:
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=template.read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )
        for _ in range(60):
            status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                break
            time.sleep(1)
    except Exception as error:  # moto answers what it does not understand with a page of HTML.
        status = " ".join(str(error).split())[:300]
    equal(status, "CREATE_COMPLETE", "the stack can be made")
    if status != "CREATE_COMPLETE":
        simulation.log.seek(0)
        print(simulation.log.read()[-2000:])
        return None
    summaries = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    ids = {summary["LogicalResourceId"]: summary["PhysicalResourceId"] for summary in summaries}
    ids["certificate"] = certificate
    return ids


def tagged_groups(ec2, vpc):
    """The security groups of the VPC by their names in the template; its default group as such."""
    groups = {}
    for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]:
        tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}
        groups[group["GroupId"]] = (tags.get("aws:cloudformation:logical-id", group["GroupName"]), group)
    return groups


def check_network(ec2, ids):
    print("The network:")
    groups = tagged_groups(ec2, ids["Vpc"])
    reach = set()
    for name, group in groups.values():
        for rule in group["IpPermissions"]:
            first, last = rule.get("FromPort"), rule.get("ToPort")
            port = first if rule["IpProtocol"] == "tcp" and first == last else f"{rule['IpProtocol']} {first}-{last}"
            others = [entry["CidrIp"] for entry in rule["IpRanges"]]
            others += [entry["CidrIpv6"] for entry in rule["Ipv6Ranges"]]
            others += [groups.get(entry["GroupId"], (entry["GroupId"],))[0] for entry in rule["UserIdGroupPairs"]]
            reach |= {(name, "in", port, other) for other in others}
    equal(
        reach ^ {entry for entry in REACH if entry[1] == "in"},
        set(),
        "the world reaches the balancer at 443 and 80, it the nodes at 5000, they the database at 3306, nobody else "
        "anything (else: what differs)",
    )

    subnets = {
        subnet["SubnetId"]: subnet
        for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [ids["Vpc"]]}])["Subnets"]
    }
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [ids["Vpc"]]}])["RouteTables"]
    way_out = {}
    for subnet in subnets:
        of_its_own = [t for t in tables if any(a.get("SubnetId") == subnet for a in t["Associations"])]
        table = (of_its_own or [t for t in tables if any(a.get("Main") for a in t["Associations"])])[0]
        out = [r for r in table["Routes"] if r.get("DestinationCidrBlock") == EVERYBODY]
        way_out[subnet] = None
        if out:
            way_out[subnet] = (out[0].get("NatGatewayId") or out[0].get("GatewayId") or "?").split("-")[0]
    for kind, wanted, sentence in (
        ("PublicSubnet", "igw", "the balancer's subnets are in two zones and lead to the internet"),
        ("NodeSubnet", "nat", "the nodes' subnets are in two zones and lead out through NAT alone"),
        ("DatabaseSubnet", None, "the database's subnets are in two zones and lead nowhere"),
    ):
        both = [ids[kind + letter] for letter in "AB"]
        zones = {subnets[subnet]["AvailabilityZone"] for subnet in both}
        ways = [way_out[subnet] for subnet in both]
        check(len(zones) == 2 and ways == [wanted] * 2, sentence, f"zones {sorted(zones)}, ways out {ways}")
    public = [name for name, subnet in subnets.items() if subnet["MapPublicIpOnLaunch"]]
    equal(public, [], "no subnet gives public addresses to what is launched in it")
    return groups, subnets


def check_nodes(simulation, ids, groups, subnets):
    print("The nodes:")
    ec2 = simulation.client("ec2")
    scaling = simulation.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    equal(len(scaling), 1, "there is one auto-scaling group")
    group = scaling[0]
    sizes = [group["MinSize"], group["DesiredCapacity"], group["MaxSize"]]
    equal(sizes, [2, 2, 2], "it has exactly two instances: the least, the wanted and the most")
    described = [
        instance
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]
    members = {instance["InstanceId"] for instance in group["Instances"]}
    check(
        len(members) == 2 and members == {instance["InstanceId"] for instance in described},
        "two instances are running, and both are its own",
        f"{len(described)} running, {len(members)} its own",
    )
    in_service = {instance["LifecycleState"] for instance in group["Instances"]}
    equal(in_service, {"InService"}, "both are in service")
    where = group["VPCZoneIdentifier"].split(",")
    equal(set(where), {ids["NodeSubnetA"], ids["NodeSubnetB"]}, "they are in the nodes' two subnets")
    zones = {subnets[subnet]["AvailabilityZone"] for subnet in where if subnet in subnets}
    equal(len(zones), 2, "those are in two zones")
    equal(group["HealthCheckType"], "ELB", "whoever the balancer finds unhealthy is replaced")

    version = ec2.describe_launch_template_versions(LaunchTemplateId=ids["NodeTemplate"])["LaunchTemplateVersions"]
    data = version[0]["LaunchTemplateData"]
    equal(data.get("MetadataOptions", {}).get("HttpTokens"), "required", "instance metadata want a token (IMDSv2)")
    names = [groups[name][0] for name in data.get("SecurityGroupIds", []) if name in groups]
    equal(names, ["NodeGroup"], "they are in their security group and no other")
    check("NetworkInterfaces" not in data, "they have no public address")
    check("KeyName" not in data, "nobody has an SSH key for them")
    disks = data.get("BlockDeviceMappings", [])
    check(disks and all(d["Ebs"].get("Encrypted") for d in disks), "their disks are encrypted")
    image = simulation.client("ssm").get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]
    equal(data["ImageId"], image, "they are made from Debian's image")
    return base64.b64decode(data["UserData"]).decode(), members


def check_rights(simulation, ids, secrets):
    print("What a node may do:")
    iam = simulation.client("iam")
    equal(
        iam.list_attached_role_policies(RoleName=ids["NodeRole"])["AttachedPolicies"],
        [],
        "it has no policy of AWS's making",
    )
    policies = iam.list_role_policies(RoleName=ids["NodeRole"])["PolicyNames"]
    equal(policies, ["node"], "it has one policy of its own")
    allowed = {}
    for policy in policies:
        document = iam.get_role_policy(RoleName=ids["NodeRole"], PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            actions, on = (
                value if isinstance(value, list) else [value] for value in (statement["Action"], statement["Resource"])
            )
            for action in actions:
                allowed.setdefault(action, set()).update(on)
    equal(set(allowed) ^ ACTIONS, set(), "its actions are those that it needs (else: what differs)")
    equal(allowed.get("secretsmanager:GetSecretValue"), set(secrets), "it reads the two secrets and no other")
    equal(allowed.get("s3:GetObject"), {f"arn:aws:s3:::{PACKAGE}"}, "it reads the package and nothing else of S3")
    equal(allowed.get("cloudformation:SignalResource"), {ids["stack"]}, "it signals to its own stack")
    logs = allowed.get("logs:PutLogEvents", set())
    check(
        len(logs) == 2 and all(f":log-group:/miniter/{STACK}/" in name for name in logs),
        "it writes to the stack's two log groups",
        logs,
    )


def check_database(rds, ids, groups):
    print("The database:")
    databases = rds.describe_db_instances()["DBInstances"]
    equal(len(databases), 1, "there is one")
    database = databases[0]
    equal(database["Engine"], "mysql", "it is MySQL")
    check(database["EngineVersion"].startswith("8.4."), "its version is 8.4", database["EngineVersion"])
    check(database["MultiAZ"] is True, "it has a standby in another zone")
    check(database["PubliclyAccessible"] is False, "it is not public")
    check(database["StorageEncrypted"] is True, "its storage is encrypted")
    check(database["BackupRetentionPeriod"] >= 7, "its backups are kept for a week", database["BackupRetentionPeriod"])
    equal(database["DBName"], "miniter", "it has the schema that the nodes use")
    of = {subnet["SubnetIdentifier"] for subnet in database["DBSubnetGroup"]["Subnets"]}
    equal(of, {ids["DatabaseSubnetA"], ids["DatabaseSubnetB"]}, "it is in its own two subnets")
    names = [groups[group["VpcSecurityGroupId"]][0] for group in database["VpcSecurityGroups"]]
    equal(names, ["DatabaseGroup"], "it is in its security group and no other")
    used = database["DBParameterGroups"][0]["DBParameterGroupName"]
    family = [
        g["DBParameterGroupFamily"]
        for g in rds.describe_db_parameter_groups()["DBParameterGroups"]
        if g["DBParameterGroupName"] == used
    ]
    equal(family, ["mysql8.4"], "its parameter group is for its version")
    values = {
        p["ParameterName"]: p["ParameterValue"]
        for p in rds.describe_db_parameters(DBParameterGroupName=used)["Parameters"]
    }
    equal(values.get("require_secure_transport"), "1", "it refuses whoever comes without TLS")
    equal(values.get("character_set_server"), "utf8mb4", "it stores all of Unicode")
    return database


def check_balancer(elb, ids, members):
    print("The balancer:")
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    equal(len(balancers), 1, "there is one")
    balancer = balancers[0]
    equal(balancer["Scheme"], "internet-facing", "it can be reached")
    equal(
        {zone["SubnetId"] for zone in balancer["AvailabilityZones"]},
        {ids["PublicSubnetA"], ids["PublicSubnetB"]},
        "it is in the two public subnets",
    )
    equal(balancer["SecurityGroups"], [ids["BalancerGroup"]], "it is in its security group and no other")

    listeners = {
        listener["Port"]: listener
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    equal(set(listeners), {443, 80}, "it listens at 443 and 80")
    tls, bare = listeners.get(443, {}), listeners.get(80, {})
    equal(tls.get("Protocol"), "HTTPS", "443 is HTTPS")
    certificates = [entry["CertificateArn"] for entry in tls.get("Certificates", [])]
    equal(certificates, [ids["certificate"]], "443 has the certificate")
    check("TLS13-1-2" in tls.get("SslPolicy", ""), "443 speaks TLS 1.2 and 1.3 alone", tls.get("SslPolicy"))
    actions = [(action["Type"], action.get("TargetGroupArn")) for action in tls.get("DefaultActions", [])]
    equal(actions, [("forward", ids["Targets"])], "443 leads to the nodes")
    action = (bare.get("DefaultActions") or [{}])[0]
    to = action.get("RedirectConfig", {})
    equal(
        (action.get("Type"), to.get("Protocol"), to.get("Port"), to.get("StatusCode")),
        ("redirect", "HTTPS", "443", "HTTP_301"),
        "80 redirects to it and does nothing else",
    )

    targets = elb.describe_target_groups()["TargetGroups"]
    equal(len(targets), 1, "there is one target group")
    group = targets[0]
    equal((group["Protocol"], group["Port"]), ("HTTP", 5000), "it speaks HTTP to port 5000")
    equal(
        (group["HealthCheckProtocol"], group["HealthCheckPath"], group["Matcher"]["HttpCode"]),
        ("HTTP", "/readyz", "200"),
        "it asks for /readyz, and 200 is healthy",
    )
    check(
        group["HealthCheckIntervalSeconds"] <= 10,
        "it asks every 10 seconds at least",
        group["HealthCheckIntervalSeconds"],
    )
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    healthy = {
        h["Target"]["Id"] for h in health if h["TargetHealth"]["State"] == "healthy" and h["Target"]["Port"] == 5000
    }
    check(len(healthy) == 2 and healthy == members, "its two healthy targets are the two nodes, at port 5000", healthy)
    return group


def check_secrets(simulation, ids):
    print("The secrets:")
    client = simulation.client("secretsmanager")
    arns = {secret["ARN"] for secret in client.list_secrets()["SecretList"]}
    wanted = {ids["DatabaseSecret"], ids["TokenSecret"]}
    equal(arns, wanted, "there are two")
    values = {arn: client.get_secret_value(SecretId=arn)["SecretString"] for arn in arns}
    password = values[ids["DatabaseSecret"]]
    check(re.fullmatch("[A-Za-z0-9]{32,41}", password), "the password is 32 to 41 letters and digits, as RDS takes")
    tokens = json.loads(values[ids["TokenSecret"]])
    check(re.fullmatch("[A-Za-z0-9]{48,}", tokens["current"]), "tokens are signed with at least 48 letters and digits")
    equal(tokens.get("previous"), "", "no previous secret is accepted at first")
    return values


def check_logs(simulation, script):
    print("The logs:")
    groups = simulation.client("logs").describe_log_groups()["logGroups"]
    equal(
        {group["logGroupName"] for group in groups},
        {f"/miniter/{STACK}/server", f"/miniter/{STACK}/system"},
        "there is a group for the server and one for the system",
    )
    forever = [group["logGroupName"] for group in groups if "retentionInDays" not in group]
    equal(forever, [], "nothing is kept for ever")
    topics = simulation.client("sns")
    subscriptions = topics.list_subscriptions()["Subscriptions"]
    equal(
        [(s["Protocol"], s["Endpoint"]) for s in subscriptions],
        [("email", "somebody@example.com")],
        "alarms go out by e-mail",
    )
    text = re.search(r"miniter\.json <<'END'\n(.*?)\nEND\n", script, re.DOTALL)
    collected = []
    try:
        agent = json.loads(text.group(1))
        collected = [file["log_group_name"] for file in agent["logs"]["logs_collected"]["files"]["collect_list"]]
    except (AttributeError, KeyError, ValueError) as error:
        collected = [str(error)]
    equal(
        set(collected),
        {group["logGroupName"] for group in groups},
        "the agent's settings are JSON and name these groups",
    )


# What the user data calls, and what it does there: each call is noted.
STAND_IN = """#!/bin/bash
name=$(basename "$0")
printf '%s\\n' "$name $*" >>"$ROOT/calls"
case "$name $*" in
"dpkg --print-architecture") echo amd64 ;;
"aws secretsmanager get-secret-value"*)
    file=$ROOT/secrets/${4##*:}
    cat "$file" ;;
"aws elbv2 describe-target-health"*) cat "$ROOT/health" ;;
"curl "*--output*)
    while [ "$1" != --output ]; do shift; done
    [ "$2" = /dev/null ] || echo downloaded >"$2" ;;
esac
"""
STOOD_IN = ["dpkg", "aws", "curl", "apt-get", "systemctl", "sleep", "amazon-cloudwatch-agent-ctl"]


def run_user_data(script, secrets, health="healthy"):
    """Runs the user data in a folder that stands for the root of a machine: status, calls, miniter.env and its mode."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("bin", "secrets", "etc/apt", "etc/rsyslog.d", "etc/logrotate.d", "var/lib/cloud/data", "var/tmp"):
            (root / name).mkdir(parents=True)
        (root / "etc/apt/one.list").write_text("deb http://deb.example.org stable main\n")
        agent = root / "opt/aws/amazon-cloudwatch-agent"
        for name in ("bin", "etc"):
            (agent / name).mkdir(parents=True)
        (root / "usr/local/share").mkdir(parents=True)
        (root / "var/lib/cloud/data/instance-id").write_text("i-12345\n")
        for arn, value in secrets.items():
            (root / "secrets" / arn.split(":")[-1]).write_text(value + "\n")
        (root / "health").write_text(health + "\n")
        for name in STOOD_IN:
            (root / "bin" / name).write_text(STAND_IN)
            (root / "bin" / name).chmod(0o755)
        shutil.copy(root / "bin/aws", agent / "bin/amazon-cloudwatch-agent-ctl")
        moved = re.sub(r"(?<![\w.$)])/(etc|var|opt|usr)/", rf"{folder}/\1/", script)
        environment = {"PATH": f"{root / 'bin'}:{os.environ['PATH']}", "ROOT": folder}
        try:
            run = subprocess.run(["bash", "-c", moved], env=environment, capture_output=True, text=True, timeout=60)
            status = run.returncode
        except subprocess.TimeoutExpired:
            status = "no end"
        calls = (root / "calls").read_text() if (root / "calls").exists() else ""
        settings = root / "etc/miniter/miniter.env"
        text, mode = None, None
        if settings.exists():
            text, mode = settings.read_text().replace(folder, ""), oct(settings.stat().st_mode & 0o777)
        sources = (root / "etc/apt/one.list").read_text()
        left = list((root / "var/tmp").iterdir())
        log = root / "etc/rsyslog.d/10-miniter.conf"
        log = log.read_text() if log.exists() else ""
        return {"log": log, "status": status, "calls": calls, "text": text, "mode": mode, "sources": sources, "left": left}


def check_user_data(script, ids, secrets, database, subnets, group):
    print("The user data:")
    check(len(script.encode()) <= 16_384, "it is at most 16 KiB", len(script.encode()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "user-data.sh")
        file.write_text(script)
        syntax = subprocess.run(["bash", "-n", file], capture_output=True, text=True)
        check(syntax.returncode == 0, "bash understands it", syntax.stderr.strip())
        lint = subprocess.run([Path(sys.executable).parent / "shellcheck", file], capture_output=True, text=True)
        check(lint.returncode == 0, "shellcheck finds nothing", lint.stdout.strip())
    left = [name for name in re.findall(r"\$\{[^}]*\}", script) if name != "${aws:InstanceId}"]
    equal(left, [], "CloudFormation has filled in all names")

    run = run_user_data(script, secrets)
    equal(run["status"], 0, "it runs to its end")
    tokens = json.loads(secrets[ids["TokenSecret"]])
    password = secrets[ids["DatabaseSecret"]]
    host = database["Endpoint"]["Address"]
    proxies = ",".join(subnets[ids[f"PublicSubnet{letter}"]]["CidrBlock"] for letter in "AB")
    lines = dict(line.split("=", 1) for line in (run["text"] or "").splitlines())
    wanted = {
        "MINITER_DATABASE_URL": f"'mysql://miniter:{password}@{host}:3306/miniter?ssl_ca=/usr/local/share/rds-ca.pem'",
        "MINITER_JWT_SECRET": f"'{tokens['current']}'",
        "MINITER_JWT_PREVIOUS_SECRETS": "''",
        "MINITER_BIND": "0.0.0.0:5000",
        "MINITER_TRUSTED_PROXIES": proxies,
        "MINITER_METRICS_BIND": "127.0.0.1:5001",
    }
    for name, value in wanted.items():
        equal(lines.get(name), value, f"the server's {name} is as it has to be")
    known = re.findall(r"^#?(MINITER_[A-Z_]+)=", (HERE / "../../.env.example").read_text(), re.MULTILINE)
    equal(set(lines) - set(known), set(), "the server knows all of its settings")
    worst = group["HealthCheckIntervalSeconds"] * group["UnhealthyThresholdCount"] + group["HealthCheckTimeoutSeconds"]
    drain = int(lines.get("MINITER_DRAIN_DELAY", 1))
    check(drain > worst, f"MINITER_DRAIN_DELAY is longer than the balancer's {worst} seconds to notice", drain)
    equal(run["mode"], "0o600", "the file of settings is for root alone")
    # Seen with Debian's rsyslogd: what "sp-if-no-1st-sp" stands in is not the message.
    check('string="%msg:2:$:drop-last-lf%\\n"' in run["log"], "the server's lines go into their file", run["log"])
    check("http://" not in run["sources"], "packages come over HTTPS, the only way out", run["sources"])
    calls = run["calls"].splitlines()

    def position(start):
        return next((number for number, call in enumerate(calls) if call.startswith(start)), -1)

    order = [
        position(f"aws s3 cp --no-progress s3://{PACKAGE} "),
        next(
            (n for n, call in enumerate(calls) if call.startswith("apt-get install") and call.endswith("miniter.deb")),
            -1,
        ),
        position("systemctl enable miniter"),
        position("systemctl restart miniter"),
        position("aws elbv2 describe-target-health"),
        position("aws cloudformation signal-resource"),
    ]
    check(
        -1 not in order and order == sorted(order),
        "it fetches the package, installs it, starts the service, waits for the balancer and signals, in that order",
        order,
    )
    signals = [call for call in calls if "signal-resource" in call]
    check(
        len(signals) == 1 and signals[0].endswith("--unique-id i-12345 --status SUCCESS"),
        "it signals success once",
        signals,
    )
    equal(run["left"], [], "it leaves no packages behind")

    def fails(sentence, **arguments):
        run = run_user_data(script, **arguments)
        signals = [call for call in run["calls"].splitlines() if "signal-resource" in call]
        check(
            run["status"] not in (0, "no end") and len(signals) == 1 and signals[0].endswith("FAILURE"),
            sentence,
            (run["status"], signals),
        )
        return run

    fails("a node that the balancer does not find healthy signals failure", secrets=secrets, health="unhealthy")
    bad = {**secrets, ids["TokenSecret"]: '{"current": "it\'s short"}'}
    run = fails("a token secret that is too short is refused, and failure signalled", secrets=bad)
    check("systemctl restart miniter" not in run["calls"], "the service is not started then")
    odd = {
        ids["DatabaseSecret"]: "a/b@c:d%e 'f",
        ids["TokenSecret"]: json.dumps({**tokens, "previous": "x" * 48 + ",y"}),
    }
    run = run_user_data(script, odd)
    text = run["text"] or ""
    check("://miniter:a%2Fb%40c%3Ad%25e%20%27f@" in text, "a password with signs in it is written as in a URL")
    check(f"MINITER_JWT_PREVIOUS_SECRETS='{'x' * 48},y'" in text, "previous secrets are handed on")


def main():
    for number in (signal.SIGHUP, signal.SIGTERM):  # so that the server is stopped then, too
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "miniter.yaml"
    check_template(load(str(file)))
    with Simulation() as simulation:
        print("The stack:")
        ids = make_stack(simulation, file)
        if ids is not None:
            ids["stack"] = simulation.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
            groups, subnets = check_network(simulation.client("ec2"), ids)
            script, members = check_nodes(simulation, ids, groups, subnets)
            secrets = check_secrets(simulation, ids)
            check_rights(simulation, ids, secrets)
            database = check_database(simulation.client("rds"), ids, groups)
            group = check_balancer(simulation.client("elbv2"), ids, members)
            check_logs(simulation, script)
            check_user_data(script, ids, secrets, database, subnets, group)
    print("Not shown here:")
    for line in NOT_SHOWN.splitlines():
        print(f"          {line}")
    if failures:
        sys.exit(f"{failures} of these do not hold")


if __name__ == "__main__":
    main()
