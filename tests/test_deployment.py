"""The files under .deploy: what they publish, and what they ask of the command."""

import re

import yaml
from articles import ROOT


def test_only_the_balancer_is_published_and_to_this_machine_only():
    services = yaml.safe_load((ROOT / ".deploy/compose.yaml").read_text())["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"balancer": ["127.0.0.1:7860:8080"]}
    assert all("networks" in service and service["restart"] == "unless-stopped" for service in services.values())


def test_the_page_alone_is_for_this_machine_and_has_a_login(pincite):
    page = yaml.safe_load((ROOT / ".deploy/page.yaml").read_text())["services"]["pincite"]
    assert page["ports"] == ["127.0.0.1:7860:7860"] and ":?" in page["environment"]["PINCITE_AUTH"]
    offered = pincite("ui", "--help").output
    assert all(word in offered for word in page["command"] if word.startswith("--"))


def test_what_the_deployment_asks_of_the_command_is_there(pincite):
    services = yaml.safe_load((ROOT / ".deploy/compose.yaml").read_text())["services"]
    offered = pincite("ui", "--help").output
    options = [word for word in services["pincite"]["command"] if word.startswith("--")]
    assert options and all(option in offered for option in options)
    variables = set(services["pincite"]["environment"])
    assert variables - set(re.findall("PINCITE_[A-Z]+", offered)) == {
        "FORWARDED_ALLOW_IPS", "PINCITE_MILVUS_TOKEN", "PINCITE_THREADS",
    }  # fmt: skip
    needed = set(re.findall(r"\$\{(\w+):", (ROOT / ".deploy/compose.yaml").read_text()))
    assert needed == {line.rstrip("=\n") for line in (ROOT / ".deploy/env.example").open() if not line.startswith("#")}


def test_the_values_for_a_cluster_are_yaml_inside_yaml():
    values = yaml.safe_load((ROOT / ".deploy/milvus-values.yaml").read_text())
    settings = yaml.safe_load(values["extraConfigFiles"]["user.yaml"])
    assert settings["common"]["security"]["authorizationEnabled"] is True
    assert settings["queryCoord"]["clusterLevelLoadReplicaNumber"] == 2
    assert values["queryNode"]["replicas"] == 6
