"""Everything registered passes the shipped suite, plug-ins too."""

from typing import Any

from zhiyin.core.registry import RETRIEVERS, load, registered
from zhiyin.testing.models import RetrieverConformance

# Random lists of 10 find 0.07 of the next items, popularity 0.17. The measured values are
# those of seeds 0, 1 and 2 of the planted data; seed 0 is the one in the suite.
SMALL: dict[str, Any] = {
    "dim": 16,
    "length": 12,
    "dropout": 0.1,
    "batch_size": 32,
    "loop": {"epochs": 8, "patience": 8, "learning_rate": 0.02, "warmup_steps": 4, "threads": 1},
}
CASES: dict[str, dict[str, Any]] = {
    "popularity": {"floor": 0.12},  # .167 .208 .204
    "recent-popularity": {"floor": 0.12},  # .171 .200 .200
    "decayed-popularity": {"floor": 0.12},  # .158 .204 .212
    "category-popularity": {"floor": 0.67},  # .729 .704 .704
    "ease": {"settings": {"l2": 5.0}, "floor": 0.55},  # .608 .583 .608
    "dual-ease": {"settings": {"l2": 5.0}, "floor": 0.55},  # .608 .588 .608
    "slit": {"settings": {"l2": 5.0}, "floor": 0.75, "needs_order": True},  # .800 .796 .792
    "local-slit": {"settings": {"l2": 5.0}, "floor": 0.57, "needs_order": True},  # .637 .604 .637
    "item-knn": {"floor": 0.65},  # .704 .729 .704
    "user-knn": {"floor": 0.44, "users_are_numbered": True},  # .492 .479 .492
    "markov": {"floor": 0.74, "needs_order": True},  # .787 .804 .812
    "state-knn": {"floor": 0.77, "needs_order": True},  # .838 .821 .812
    "ials": {  # .642 .671 .692
        "settings": {"factors": 8, "l2": 1.0, "num_threads": 1},
        "floor": 0.58,
    },
    "bpr": {
        "settings": {"factors": 8},
        "floor": 0.58,
        "users_are_numbered": True,
    },  # .667 .642 .625
    "content": {"floor": 0.43},  # .475
    "gf-cf": {"settings": {"rank": 8}, "floor": 0.62},  # .675 .658 .688
    "turbo-cf": {"floor": 0.65},  # .713 .733 .713
    "sasrec": {  # .667 .692 .650
        "settings": {**SMALL, "heads": 1, "blocks": 1, "widening": 2},
        "floor": 0.6,
        "needs_order": True,
        "users_are_numbered": True,
    },
    "gru": {  # .721 .729 .683
        "settings": SMALL,
        "floor": 0.62,
        "needs_order": True,
        "users_are_numbered": True,
    },
    "hstu": {  # .642 .688 .642
        "settings": {**SMALL, "heads": 1, "blocks": 1},
        "floor": 0.58,
        "needs_order": True,
        "users_are_numbered": True,
    },
    "hstu-content": {  # .658 .679 .667
        "settings": {**SMALL, "heads": 1, "blocks": 1},
        "floor": 0.6,
        "needs_order": True,
        "needs_attributes": True,
        "users_are_numbered": True,
    },
    "gated-dot": {  # .438 .500 .467
        "settings": {**SMALL, "cuts": 8},
        "floor": 0.39,
        "needs_attributes": True,
        "users_are_numbered": True,
    },
    "bilinear": {  # .471 .525 .471
        "settings": {**SMALL, "cuts": 8},
        "floor": 0.42,
        "needs_attributes": True,
        "users_are_numbered": True,
    },
}


# Settings under which a model keeps another kind of state or takes another path.
VARIANTS: dict[str, dict[str, Any]] = {
    "ease items": {  # .267 .296 .317
        "settings": {"l2": 5.0, "items": 40},
        "floor": 0.22,
    },
    "ease dropout": {  # .717 .662 .662
        "settings": {"l2": 5.0, "dropout": 0.5, "user_power": 0.25, "query_decay": 2.0},
        "floor": 0.6,
    },
    "item-knn bm25": {  # .725 .721 .717
        "settings": {"similarity": "dot", "weighting": "bm25", "query_decay": 3.0},
        "floor": 0.66,
    },
    "item-knn pearson": {  # .667 .650 .671
        "settings": {"similarity": "pearson", "shrinkage": 5.0},
        "floor": 0.6,
    },
    "user-knn tf-idf": {  # .479 .433 .454
        "settings": {"similarity": "euclidean", "weighting": "tf-idf", "shrinkage": 2.0},
        "floor": 0.39,
        "users_are_numbered": True,
    },
    "markov both ways": {  # .600 .604 .629
        "settings": {"both_ways": True, "query_decay": None},
        "floor": 0.55,
        "needs_order": True,
    },
    "slit one memory": {  # .796 .792 .783
        "settings": {"decays": (2.0,), "l2": 5.0, "dropout": 0.0},
        "floor": 0.74,
        "needs_order": True,
    },
    "ials faded": {  # .654 .679 .667
        "settings": {"factors": 8, "l2": 1.0, "num_threads": 1, "query_decay": 2.0},
        "floor": 0.6,
    },
    "gf-cf sparse": {  # .662 .675 .683
        "settings": {"rank": 8, "neighbours": 20},
        "floor": 0.61,
    },
    "turbo-cf cubic": {  # .729 .742 .725
        "settings": {"order": 3},
        "floor": 0.67,
    },
}


def _suite(name: str, case: dict[str, Any]) -> type[RetrieverConformance]:
    members = {"model": load(RETRIEVERS, name.partition(" ")[0]), "__doc__": name} | case
    return type(f"Test_{name}", (RetrieverConformance,), members)


for _name in registered(RETRIEVERS):
    globals()[f"Test_{_name.replace('-', '_')}"] = _suite(_name, CASES.get(_name, {}))
for _name, _case in VARIANTS.items():
    globals()[f"Test_{_name.replace('-', '_').replace(' ', '_')}"] = _suite(_name, _case)
