"""What a problem is about: shared by the ledger of problems and the lists of who answers for them."""

from django.db import models


class Category(models.TextChoices):
    """The matter of a problem."""

    AIR = "air", "大气"
    WATER = "water", "水"
    SOIL = "soil", "土壤"
    WASTE = "waste", "固体废物"
    NOISE = "noise", "噪声"
    NATURE = "nature", "自然生态"
    MANAGEMENT = "management", "管理制度"
    OTHER = "other", "其他"
