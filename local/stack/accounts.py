"""The accounts of the organization that the local cloud plays, and its regions."""

HUB = "111122223333"  # the account of the AWS documentation's examples
ACTING, WATCHED = "222233334444", "333344445555"  # with and without the act role
NAMES = {HUB: "ml-platform", ACTING: "ml-research", WATCHED: "ml-production"}
ORGANIZATION = "o-a1b2c3d4e5"
REGIONS = ("us-east-1", "eu-west-1")  # the first one is the hub's; it creates the roles
