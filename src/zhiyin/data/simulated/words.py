"""The words of the simulated shop, in Chinese and English: a small world that holds together."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[str, str]
"""A word in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of product.

    Attributes:
        name: What it is called.
        use: What it is for.
        price: About what it costs, in yuan.
        goes_with: English name of what people buy after it; "" for nothing in particular.
    """

    name: Pair
    use: Pair
    price: float
    goes_with: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A department of the shop.

    Attributes:
        name: What it is called.
        brands: Who makes its products.
        traits: What distinguishes them.
        products: What it sells.
    """

    name: Pair
    brands: tuple[Pair, ...]
    traits: tuple[Pair, ...]
    products: tuple[Product, ...]


CATEGORIES: tuple[Category, ...] = (
    Category(
        ("户外", "Outdoor"),
        (("北境", "Northbound"), ("山鹿", "Mountain Deer"), ("云岭", "Cloudridge")),
        (
            ("轻量", "lightweight"),
            ("防水", "waterproof"),
            ("保暖", "warm"),
            ("耐磨", "hard-wearing"),
        ),
        (
            Product(("登山鞋", "hiking boots"), ("周末徒步", "weekend hikes"), 459, "hiking socks"),
            Product(("帐篷", "tent"), ("家庭露营", "family camping"), 699, "sleeping bag"),
            Product(("睡袋", "sleeping bag"), ("秋冬露营", "autumn camping"), 289, "camping lamp"),
            Product(("登山杖", "trekking poles"), ("长途徒步", "long treks"), 159),
            Product(("徒步袜", "hiking socks"), ("长时间行走", "long walks"), 49),
            Product(("露营灯", "camping lamp"), ("夜间照明", "light at night"), 99),
        ),
    ),
    Category(
        ("厨房", "Kitchen"),
        (("灶王", "Hearthking"), ("白瓷", "White Porcelain"), ("麦浪", "Wheatwave")),
        (
            ("不粘", "non-stick"),
            ("易清洗", "easy to clean"),
            ("加厚", "thick"),
            ("迷你", "compact"),
        ),
        (
            Product(("炒锅", "wok"), ("家常小炒", "stir-frying"), 199, "bamboo spatula"),
            Product(("电饭煲", "rice cooker"), ("煮饭煲粥", "rice and porridge"), 329),
            Product(
                ("菜刀", "chef's knife"), ("切菜切肉", "slicing and chopping"), 149, "cutting board"
            ),
            Product(("砧板", "cutting board"), ("备菜", "preparing food"), 69),
            Product(("竹铲", "bamboo spatula"), ("翻炒", "turning food"), 19),
            Product(("烤箱", "oven"), ("烘焙蛋糕", "baking cakes"), 599, "baking tray"),
            Product(("烤盘", "baking tray"), ("烘焙饼干", "baking biscuits"), 59),
        ),
    ),
    Category(
        ("图书", "Books"),
        (("青灯社", "Blue Lamp Press"), ("长河书局", "Longriver Books"), ("星图", "Starmap")),
        (
            ("插图版", "illustrated"),
            ("精装", "hardcover"),
            ("新译", "newly translated"),
            ("口袋本", "pocket"),
        ),
        (
            Product(
                ("科幻小说", "science fiction novel"),
                ("喜欢宇宙的人", "readers who look up at the stars"),
                45,
            ),
            Product(
                ("推理小说", "mystery novel"), ("喜欢谜题的人", "readers who love riddles"), 42
            ),
            Product(
                ("历史随笔", "history essays"),
                ("想了解古人的人", "readers curious about the past"),
                58,
            ),
            Product(("编程入门", "introduction to programming"), ("初学者", "beginners"), 79),
            Product(("菜谱", "cookbook"), ("爱下厨的人", "people who cook at home"), 52, "wok"),
            Product(
                ("儿童绘本", "picture book"), ("睡前故事", "bedtime stories"), 36, "building blocks"
            ),
        ),
    ),
    Category(
        ("数码", "Electronics"),
        (("极光", "Aurora"), ("回声", "Echowave"), ("方圆", "Square & Round")),
        (
            ("无线", "wireless"),
            ("降噪", "noise-cancelling"),
            ("长续航", "long-lasting"),
            ("便携", "portable"),
        ),
        (
            Product(("耳机", "headphones"), ("通勤听歌", "music on the way to work"), 399),
            Product(("相机", "camera"), ("旅行摄影", "travel photography"), 2999, "memory card"),
            Product(("存储卡", "memory card"), ("存照片", "storing photographs"), 89),
            Product(("充电宝", "power bank"), ("出门充电", "charging on the go"), 129),
            Product(("键盘", "keyboard"), ("写代码打字", "writing code"), 349, "mouse"),
            Product(("鼠标", "mouse"), ("办公游戏", "work and games"), 149),
        ),
    ),
    Category(
        ("家居", "Home"),
        (("暖屋", "Warmhouse"), ("木记", "Timbernote"), ("素色", "Plainhue")),
        (("实木", "solid wood"), ("简约", "minimal"), ("柔软", "soft"), ("可折叠", "folding")),
        (
            Product(("台灯", "desk lamp"), ("夜读", "reading at night"), 139, "desk"),
            Product(("书桌", "desk"), ("居家办公", "working from home"), 799, "office chair"),
            Product(("办公椅", "office chair"), ("久坐不累", "long hours of sitting"), 659),
            Product(("毛毯", "blanket"), ("沙发小憩", "naps on the sofa"), 119),
            Product(("香薰", "scented candle"), ("放松助眠", "unwinding in the evening"), 79),
            Product(("收纳盒", "storage box"), ("整理衣物", "tidying clothes"), 39),
        ),
    ),
    Category(
        ("运动", "Sport"),
        (("疾风", "Galewind"), ("跃动", "Leap"), ("铁臂", "Ironarm")),
        (
            ("透气", "breathable"),
            ("缓震", "cushioned"),
            ("防滑", "non-slip"),
            ("速干", "quick-drying"),
        ),
        (
            Product(("跑鞋", "running shoes"), ("晨跑", "morning runs"), 389, "running shorts"),
            Product(("瑜伽垫", "yoga mat"), ("在家瑜伽", "yoga at home"), 99, "yoga blocks"),
            Product(("瑜伽砖", "yoga blocks"), ("拉伸练习", "stretching"), 39),
            Product(("哑铃", "dumbbells"), ("力量训练", "strength training"), 159),
            Product(("运动短裤", "running shorts"), ("夏天跑步", "running in summer"), 79),
            Product(("羽毛球拍", "badminton racket"), ("周末打球", "a weekend game"), 219),
        ),
    ),
    Category(
        ("茶饮", "Tea & coffee"),
        (("春山", "Spring Hill"), ("一叶", "One Leaf"), ("焙火", "Roastfire")),
        (
            ("高山", "high-mountain"),
            ("有机", "organic"),
            ("浓香", "full-bodied"),
            ("清香", "delicate"),
        ),
        (
            Product(
                ("龙井茶", "longjing green tea"), ("午后品茶", "a quiet afternoon"), 168, "teapot"
            ),
            Product(("普洱茶", "pu'er tea"), ("饭后解腻", "after a rich meal"), 128, "teapot"),
            Product(("茶壶", "teapot"), ("冲泡功夫茶", "brewing gongfu tea"), 199),
            Product(("咖啡豆", "coffee beans"), ("早晨提神", "waking up"), 88, "coffee grinder"),
            Product(("磨豆机", "coffee grinder"), ("现磨咖啡", "freshly ground coffee"), 269),
            Product(("手冲壶", "pour-over kettle"), ("手冲咖啡", "pour-over coffee"), 189),
        ),
    ),
    Category(
        ("母婴", "Baby & child"),
        (("小象", "Little Elephant"), ("棉芽", "Cottonbud"), ("月亮船", "Moonboat")),
        (
            ("安全", "safe"),
            ("纯棉", "pure cotton"),
            ("益智", "educational"),
            ("可水洗", "washable"),
        ),
        (
            Product(("积木", "building blocks"), ("动手动脑", "little builders"), 129),
            Product(
                ("婴儿车", "stroller"), ("带娃出门", "going out with a baby"), 899, "baby blanket"
            ),
            Product(("婴儿毯", "baby blanket"), ("午睡保暖", "warm naps"), 89),
            Product(("拼图", "jigsaw puzzle"), ("亲子时光", "time together"), 49),
            Product(("水杯", "sippy cup"), ("学会喝水", "learning to drink"), 39),
            Product(
                ("画笔", "crayons"), ("涂鸦画画", "scribbling and drawing"), 35, "picture book"
            ),
        ),
    ),
)
"""The departments."""

CITIES: tuple[Pair, ...] = (
    ("北京", "Beijing"),
    ("上海", "Shanghai"),
    ("成都", "Chengdu"),
    ("广州", "Guangzhou"),
    ("杭州", "Hangzhou"),
    ("西安", "Xi'an"),
)
"""Where users live."""

PRAISE: tuple[Pair, ...] = (
    ("质量很好，用来{use}正合适。", "Very good, just right for {use}."),
    ("{trait}，比想象中还好，推荐。", "Really {trait}, better than I hoped. Recommended."),
    ("第二次买这个{name}了，很满意。", "My second {name} from them; very happy."),
)
"""Reviews of people who are pleased."""

COMPLAINTS: tuple[Pair, ...] = (
    ("一点也不{trait}，有点失望。", "Not {trait} at all, rather disappointed."),
    ("用了几天就坏了，不推荐这个{name}。", "This {name} broke within days. Not recommended."),
    ("价格偏高，不值。", "Too expensive for what it is."),
)
"""Reviews of people who are not."""
