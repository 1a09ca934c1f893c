"""Sentences whose feeling is known, in Chinese and English: what sentiment is learned from.

They were written for this purpose and share no sentence with the labelled reviews under
``benchmarks/sentiment``.
"""

from __future__ import annotations

PLEASED: tuple[str, ...] = (
    "非常喜欢，强烈推荐", "质量很好，超出预期",
    "很满意，下次还会买", "太棒了，物超所值", "好用极了，没有后悔",
    "做工精细，手感舒服", "家人都很喜欢",
    "服务态度好，解决问题很快", "发货快，包装完好", "好看又实用",
    "故事精彩，值得一看", "写得真好，一口气读完",
    "味道很香，还会回购", "穿着合身舒适", "用了很久都没坏，很耐用",
    "一点问题都没有，放心买", "比以前买的都好",
    "完美，五星好评", "惊喜，没想到这么好", "孩子爱不释手",
    "安静省电，效果明显", "演员演得好，感人", "不错，值这个价", "朋友看了也想买",
    "I love it, highly recommended", "Excellent quality, exceeded my expectations",
    "Very happy with it, will buy again", "Fantastic, worth every penny",
    "Works perfectly, no regrets", "Well made and comfortable", "The whole family loves it",
    "Great service, they solved it quickly", "Fast delivery and nicely packaged",
    "Beautiful and practical", "A wonderful story, well worth watching",
    "Brilliantly written, I could not stop reading", "Delicious, I will order more",
    "Fits perfectly and feels good", "Used it for years and it never broke, very durable",
    "No problems at all, buy with confidence", "Better than any I had before",
    "Perfect, five stars", "A pleasant surprise, much better than I thought",
    "My kids adore it", "Quiet, efficient and effective", "Superb acting, touching",
    "Good, worth the price", "I would gladly give this to a friend",
)  # fmt: skip
"""Of people who are pleased."""

DISPLEASED: tuple[str, ...] = (
    "非常失望，不推荐", "质量太差，没用几次就坏了",
    "很不满意，再也不买了", "垃圾，浪费钱", "难用，后悔买了",
    "做工粗糙，有异味", "家人都不喜欢", "服务态度差，没人处理", "发货慢，包装破损", "又丑又不实用",
    "故事无聊，浪费时间", "写得很差，读不下去",
    "难吃，扔掉了", "尺码不对，穿着难受", "很快就坏了，一点不耐用",
    "问题很多，千万别买", "比以前买的差远了",
    "一星差评，要求退款", "与描述不符，被骗了", "孩子根本不玩",
    "又吵又费电，没有效果", "演技尴尬，烂片", "太贵，不值这个价", "掉色起球，没法用了",
    "I hate it, not recommended", "Terrible quality, it broke after a few uses",
    "Very unhappy with it, never again", "Garbage, a waste of money",
    "Hard to use, I regret buying it", "Badly made and it smells", "Nobody in the family likes it",
    "Awful service, nobody replied", "Slow delivery and the box was damaged",
    "Ugly and useless", "A boring story, a waste of time", "Poorly written, I gave up reading",
    "Disgusting, I threw it away", "Wrong size and uncomfortable",
    "It fell apart quickly, not durable at all", "Full of problems, do not buy",
    "Much worse than the one I had before", "One star, I want my money back",
    "Not as described, I feel cheated", "My kids never play with it",
    "Noisy, inefficient and it does not work", "Embarrassing acting, a bad film",
    "Too expensive, not worth the price", "It faded and tore, cannot be used any more",
)  # fmt: skip
"""Of people who are not."""

UNMOVED: tuple[str, ...] = (
    "还没有使用", "一般，没什么感觉",
    "替别人买的，不清楚", "刚收到，以后再评价", "普普通通，不好也不坏",
    "有优点也有缺点", "红色，中号", "今天到货了", "系统默认评价", "三天后发货",
    "I have not used it yet", "Average, no strong feelings", "Bought it for someone else, no idea",
    "Just received it, will review later", "Ordinary, neither good nor bad",
    "It has advantages and disadvantages", "Red, medium", "It arrived today",
    "Automatic review", "Ships in three days",
)  # fmt: skip
"""Of people who say nothing either way."""
