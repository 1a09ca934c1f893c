"""What the console says in Chinese, by the English sentence."""

from __future__ import annotations

CHINESE: dict[str, str] = {
    "{n} items are new.": "新增 {n} 个物品。",
    "The probability with which the policy puts it here": "策略把它放在这里的概率",
    "propensity {value}": "倾向概率 {value}",
    "Why": "为什么",
    "Scores by source": "各来源的得分",
    "The same items, in another order.": "物品相同，次序不同。",
    "Nothing changed.": "没有变化。",
    "No single fact stands out: the blend as a whole ranks it here.": (
        "没有单独突出的事实：由整个混合模型排到这里。"
    ),
    "because of {item}": "因为 {item}",
    "new": "新",
    "was at place {n}": "原在第 {n} 位",
    "What if this was looked at?": "如果看了这个呢？",
    "Skip to the content": "跳到正文",
    "Sign in": "登录",
    (
        "Give a key of the workspace (`zhiyin keys create`). It stays in the memory of the "
        "console until you sign out or the console ends."
    ): (
        "请输入工作区的密钥（`zhiyin keys "
        "create`）。密钥只留在控制台的内存里，退出登录或控制台停止后即消失。"
    ),
    "Enter": "进入",
    "Pages": "页面",
    "Sign out": "退出登录",
    "Key": "密钥",
    "Workspace": "工作区",
    "A file": "文件",
    (
        "CSV with a header, or one JSON object per line, at most {n} MiB. Items need "
        "item_id, users user_id, events user_id and mostly item_id and type. Larger files "
        "and other formats: zhiyin import."
    ): (
        "带表头的 CSV，或每行一个 JSON 对象，最大 {n} MiB。物品要有 "
        "item_id，用户要有 user_id，事件要有 user_id，通常还有 "
        "item_id 和 type。更大的文件和其他格式请用 zhiyin import。"
    ),
    "What became of it": "导入结果",
    "Start a training": "开始训练",
    "Progress": "进度",
    "Choose a file": "选择文件",
    "Lines": "行数",
    "Stored": "已存入",
    "There already": "已经存在",
    "Refused": "被拒绝",
    "Lines that were refused": "被拒绝的行",
    "Line": "行",
    "Problem": "问题",
    "The file is too large.": "文件太大。",
    "hidden": "已隐藏",
    "out of stock": "缺货",
    "shown": "可展示",
    "Title": "标题",
    "Id": "编号",
    "Search": "搜索",
    "All items": "全部物品",
    "Import a catalogue first.": "请先导入目录。",
    "Passage": "片段",
    "Categories": "类别",
    "Score": "得分",
    "State": "状态",
    "Items": "物品",
    "Done: the next slate knows.": "完成：下一份推荐即生效。",
    "No items": "没有物品",
    "Import files here": "在这里导入文件",
    "Note: {line}": "提示：{line}",
    "Nothing found.": "没有找到。",
    "Show it again": "重新展示",
    "Hide it": "隐藏",
    "Show it on the map": "在地图上查看",
    "Search by meaning, words or id": "按含义、词语或编号搜索",
    "Back": "上一页",
    "Next": "下一页",
    "Taken by the same people": "同一些人选过的",
    "Of like meaning": "含义相近的",
    "This comes later": "以后提供",
    "Experiments cannot be set up or read here yet. Slates carry their arm already.": (
        "目前还不能在这里设置或查看实验。推荐结果已经记录所属的实验组。"
    ),
    (
        "The {shown} most taken of {n} items; items near one another are taken by the same "
        "people. The two directions hold {share} of what tells items apart. Drag to move, "
        "scroll, or the keys + and - to zoom."
    ): (
        "{n} 个物品中最常被选的 {shown} "
        "个；相邻的物品被同一些人选过。两个方向保留了物品差异的 "
        "{share}。拖动可移动，滚轮或 + - 键可缩放。"
    ),
    "No model yet": "还没有模型",
    "The map needs a model.": "地图需要模型。",
    "Nobody had taken an item at the last training.": "上次训练时还没有人选过物品。",
    "{n} of {all} found items are on the map": "找到的 {all} 个物品中有 {n} 个在地图上",
    "Whole map": "整张地图",
    "Map of the items": "物品地图",
    "other": "其他",
    "liked by {n}": "{n} 人喜欢",
    "Open": "打开",
    "Search lights up": "搜索并点亮",
    "Let it serve": "投入使用",
    "{measure} on held-out events: the blend and each model alone": (
        "留出事件上的 {measure}：混合模型与各单个模型"
    ),
    "Train": "训练",
    "It runs beside the service, which goes on answering.": "训练在服务之外进行，服务继续应答。",
    "Let {version} serve?": "让 {version} 投入使用？",
    "Go back to the version before?": "回到上一个版本？",
    "Choose anew": "重新选择模型",
    "Learn what came since": "学习新来的事件",
    "Recipe (empty: usual)": "配方（留空：按设置）",
    "Time at most, such as 10m": "最长时间，例如 10m",
    "Must pass the gate": "必须通过评估门槛",
    "Start": "开始",
    "Start a training below, or run": "在下方开始训练，或运行",
    "Versions": "版本",
    "serves": "使用中",
    "the blend that serves": "使用中的混合模型",
    "made {version}": "生成了 {version}",
    "Done: it serves.": "完成：已投入使用。",
    "Yes": "是",
    "No": "否",
    "Kind": "种类",
    "Back to the version before": "回到上一个版本",
    "Version": "版本",
    "Made of": "组成",
    "Newest event": "最新事件",
    "Training": "训练用时",
    "Reached": "达到",
    "Cancel": "取消",
    "What the gate measured": "评估门槛的测量",
    "This workspace is empty": "这个工作区是空的",
    "Import a catalogue and what people did with it, then train.": (
        "先导入目录和人们的行为，再训练。"
    ),
    "Slates need a model. What is missing: {trouble}": "推荐需要模型。缺少：{trouble}",
    "Start a training here": "在这里开始训练",
    "What next": "接下来",
    "See the items as a map": "把物品看作一张地图",
    "Users": "用户",
    "Events": "事件",
    "The model that serves": "使用中的模型",
    "Slates shown and answered": "展示并得到回应的推荐",
    "Slates by day": "每天的推荐份数",
    "Model": "模型",
    "{age} old": "{age}前生成",
    "A training is under way.": "正在训练。",
    "What is shown": "展示情况",
    "No slate was shown yet. Slates in this console do not count.": (
        "还没有展示过推荐。控制台里的推荐不计入。"
    ),
    (
        "{n} slates were shown and none was answered yet: send feedback to /v1/feedback to "
        "see the CTR."
    ): ("已展示 {n} 份推荐，尚无回应：向 /v1/feedback 发送反馈后可见点击率。"),
    "CTR by surface, arm and version": "按版面、实验组和版本的点击率",
    "Made": "生成时间",
    "Newest event it knows": "所知的最新事件",
    "Events since then": "此后的事件",
    "The id of a user": "用户编号",
    "Look up": "查询",
    "Nothing is known yet: events, a wish or a pin begin a profile.": (
        "还一无所知：事件、愿望或置顶会开始一份画像。"
    ),
    "Interests": "兴趣",
    "Add": "添加",
    "Take all edits back": "撤回所有修改",
    "Items: {names}": "物品：{names}",
    "Searches: {names}": "搜索：{names}",
    "Groups: {names}": "人群：{names}",
    "Last: {when}": "最近：{when}",
    "All edits were taken back.": "已撤回所有修改。",
    "No users": "没有用户",
    "There is nobody yet whose profile could be read.": "还没有可以查看画像的用户。",
    "What {user} would like": "{user} 想要什么",
    "{n} events were read.": "读取了 {n} 个事件。",
    "The slate that follows": "由此得到的推荐",
    "An empty profile": "空的画像",
    "Each interest, and what it rests on": "每项兴趣及其依据",
    "Forget this wish": "忘记这个愿望",
    "A wish, in words": "用文字写下愿望",
    "Slates need a model.": "推荐需要模型。",
    "Whom, and where": "给谁，在哪里",
    "User (empty: anybody)": "用户（留空：任何人）",
    "Length (empty: usual)": "长度（留空：按版面设置）",
    "Somebody else": "换一个人",
    "What if": "假设",
    "Change a rule or add an event: the slate below follows. Nothing is stored.": (
        "修改规则或加入事件，下面的推荐随之变化。什么都不会存储。"
    ),
    "The slate": "推荐",
    "answered in {n} ms": "{n} 毫秒应答",
    "Nothing is left: the filter may be too narrow, or all was seen.": (
        "没有剩下的：条件可能太窄，或者都看过了。"
    ),
    "Surface": "版面",
    "Only items where": "只要满足条件的物品",
    "Multiply scores with": "得分乘以",
    "Add an event: an item that was looked at": "加入事件：看过的物品",
    "Find": "查找",
    "Take everything back": "全部撤回",
    "Below is the slate as it was.": "下面是之前的推荐。",
    "An empty slate": "空的推荐",
    "Take the event on {item} back": "撤回对 {item} 的事件",
    "Try it": "试一试",
    "own": "自定义",
    "Users are known once somebody did something, or was imported.": (
        "有人产生行为或被导入后，才有用户。"
    ),
    "Slate": "推荐",
    "Profile": "画像",
    "What is known": "已知信息",
    "Look at": "查看",
    "{n} days": "{n} 天",
    "That did not work": "没有成功",
    "{n} min": "{n} 分钟",
    "{n} h": "{n} 小时",
    "This needs a key": "需要密钥",
    "The service does not answer": "服务没有应答",
    "The service cannot answer yet": "服务暂时不能应答",
    "Download as CSV": "下载 CSV",
    "What to do: {hint}": "怎么办：{hint}",
    "Try again": "重试",
    "Overview": "概览",
    "Slates": "推荐",
    "Catalogue": "目录",
    "Profiles": "画像",
    "Models": "模型",
    "Map": "地图",
    "Surfaces": "版面",
    "Import": "导入",
    "Experiments": "实验",
    "Chat": "对话",
    "Light": "浅色",
    "Dark": "深色",
    "Auto": "自动",
    "Cards": "卡片",
    "List": "列表",
    "Pin": "置顶",
    "Mute": "屏蔽",
    "Forget": "忘记",
    "For it: {facts}": "支持：{facts}",
    "Against it: {facts}": "反对：{facts}",
    "Catalogue shown in the last 24 hours": "最近 24 小时展示过的目录比例",
    "Places with one of the tenth most popular items": "由最热门的十分之一物品占据的位置",
    "train": "训练",
    "update": "更新",
    "starting": "启动中",
    "running": "进行中",
    "published": "已发布",
    "refused": "被拒绝",
    "cancelled": "已取消",
    "failed": "失败",
    "behaviour": "行为",
    "wish": "愿望",
    "pin": "置顶",
    "mute": "屏蔽",
    "group": "人群",
    "items": "物品",
    "users": "用户",
    "events": "事件",
    "A text in the id or the attributes": "编号或属性中的文字",
    "As built in": "恢复内置设置",
    "As it is": "现状",
    "Change": "修改",
    "Change {surface}": "修改 {surface}",
    "Close": "关闭",
    "Containing this text": "包含此文字",
    "Done: the next slate of {surface} follows.": "完成：{surface} 的下一份推荐即按此生成。",
    "Done: {surface} follows this rule now.": "完成：{surface} 现在遵循此规则。",
    "Everybody": "所有用户",
    "For everybody, from the next slate on.": "对所有人生效，从下一份推荐开始。",
    "Make this a rule of {surface}": "设为 {surface} 的规则",
    "Place": "名次",
    "Ranker": "精排",
    "Retrieval": "召回",
    "Rules and policy": "规则与策略",
    "Save": "保存",
    "See it": "查看",
    "See or change the rules of {surface}": "查看或修改 {surface} 的规则",
    "Stage": "阶段",
    "Stage by stage": "逐阶段",
    "The file cannot be used as it is; what was in force goes on.": (
        "该文件目前无法使用；原来生效的设置继续有效。"
    ),
    "The other sections are changed in the file and count from the next start on.": (
        "其他部分请在文件中修改，下次启动后生效。"
    ),
    "The ranker orders the best candidates": "由精排模型排列最佳候选",
    "This line needs the form name = value. {line}": "这一行需要写成“名称 = 值”。{line}",
    "What a surface does can be changed here: the next slate follows.": (
        "版面的行为可在此修改：下一份推荐即按此生成。"
    ),
    "What can be changed here": "可在此修改的内容",
    "What sources count for": "各来源的权重",
    "What surfaces do: length, rules, diversity, filters, exploration": (
        "版面的行为：长度、规则、多样性、过滤、探索"
    ),
    "With the change": "改动之后",
    "Written in {file}.": "写在 {file} 中。",
    "as for all surfaces": "与所有版面相同",
    "gone": "已移除",
    "Settings": "设置",
    "A conversation needs a model.": "对话需要模型。",
    "Whom": "为谁",
    "Begin anew": "重新开始",
    "Say something": "说点什么",
    "Send": "发送",
    "May be remembered in the profile": "可记入画像",
    "What do you recommend?": "有什么推荐？",
    "Something like {title}": "想要类似《{title}》的",
    "No {tag} please": "不要{tag}",
    "Why the first one?": "为什么推荐第一个？",
    "answered by {by}": "由 {by} 回答",
    "remembered: {tag}": "已记住：{tag}",
    "…": "……",
    "Tell me why": "说说原因",
    "Events that speak for it": "支持它的事件",
    "What the ranker looked at": "精排模型看到的特征",
    "Bars are points of the score; numbers the feature's values.": (
        "条形为得分点数，数字为特征取值。"
    ),
    "Reading… after a start the whole catalogue is read once.": (
        "读取中……启动后首次会读取整个目录。"
    ),
    "What they see (a slate), with the facts behind each item. Change a rule, see it change.": (
        "他们会看到的推荐，每个物品都有依据。改一条规则，看它怎么变。"
    ),
    "Amber: people who were never seen before, {n} in all.": (
        "琥珀色：第一次出现的用户，共 {n} 位。"
    ),
    "Amber: slates that were answered.": "琥珀色：得到回应的推荐。",
    "As a table": "看成表格",
    "As soon as your pages ask for slates, you see here:": "你的页面一开始请求推荐，这里就会显示：",
    "Ask for something in your own words, and say what you do not want.": (
        "用自己的话说想要什么、不想要什么。"
    ),
    "Busiest: {day} at {hour}:00 (UTC), {n} events.": (
        "最忙的时候：{day} {hour}:00（UTC），{n} 个事件。"
    ),
    "Colours": "颜色",
    "Counting…": "正在统计……",
    "Day": "星期",
    "Did nothing yet.": "还没有任何行为。",
    "Events over time": "事件随时间的变化",
    "Health": "状态",
    "Healthy": "正常",
    "Hour": "小时",
    "How popularity is spread": "热度的集中程度",
    "In force on {surface}:": "{surface} 现行的规则：",
    "Interests of {user}": "{user} 的兴趣",
    "Items by number of events": "物品按事件数",
    "Items have no attribute “categories”: with one, they show here.": (
        "物品没有 categories 属性；有了它，这里就会显示分类。"
    ),
    "Items near one another are taken by the same people.": "离得近的物品，被同一群人选择。",
    "Items of each, and its share of the events on all of these.": (
        "每类的物品数，以及占这些类全部事件的比例。"
    ),
    "Last:": "最近：",
    "Most popular items": "最热门的物品",
    "Needs a model": "需要模型",
    "Nobody in particular: what anybody gets.": "不指定用户：任何人会得到的结果。",
    "People": "用户",
    "People by number of events": "用户按事件数",
    "People: known and new": "老用户与新用户",
    "Slates by hour": "每小时的推荐份数",
    "Take back: {rule}": "撤回：{rule}",
    "Talk to it": "和它聊聊",
    "The catalogue by category": "目录按分类",
    "The most popular tenth of the items takes {share} of the events.": (
        "最热门的十分之一物品占了 {share} 的事件。"
    ),
    "Try:": "试试：",
    "What is done": "行为类型",
    "What the log and the catalogue hold": "日志和目录里有什么",
    "When things happen": "什么时候发生",
    "Why does somebody get this?": "为什么推荐这个？",
    (
        "Why: what they did that speaks for the item, and how much of it. Scores by "
        "source: what each model adds; below zero it speaks against the item."
    ): (
        "为什么：用户做过的哪些事支持这个物品，各占多少。各来源的得分：每个模型加了多少；小"
        "于零表示反对。"
    ),
    "With few events, what is popular and the profile decide, until the history speaks.": (
        "事件少的时候由热度和画像决定，历史多了再由历史说话。"
    ),
    "answered": "得到回应",
    "how much of the catalogue is shown, and how much of it is popular anyway": (
        "展示了目录的多少，其中多少本来就是热门"
    ),
    "of them new": "其中新用户",
    "only where {rule}": "只要 {rule}",
    "only {value}": "只要 {value}",
    "scores times {rule}": "得分乘以 {rule}",
    "slates by hour and by day": "每小时和每天的推荐份数",
    "the CTR by surface, arm of an experiment, and model": "按版面、实验组和模型的点击率",
    "top {share}": "最热门的 {share}",
    "workspace {name}": "工作区 {name}",
    "{n} are gone.": "{n} 个被替换。",
    "{n} events from {first} to {last}, by {step}.": (
        "{first} 到 {last} 共 {n} 个事件，按{step}统计。"
    ),
    "{n} far from these left out.": "另有 {n} 个时间相距太远，未画出。",
    "{n} have no time.": "{n} 个没有时间。",
    "{n} items have fewer than five: little is known of them.": (
        "{n} 个物品的事件不到五个：对它们所知不多。"
    ),
    "{times} times what {baseline} reaches.": "是 {baseline} 的 {times} 倍。",
    "{value} counts double": "{value} 加倍",
    "Data": "数据",
    "Operation": "运行",
    "Mon": "周一",
    "Tue": "周二",
    "Wed": "周三",
    "Thu": "周四",
    "Fri": "周五",
    "Sat": "周六",
    "Sun": "周日",
    "hour": "小时",
    "day": "天",
    "week": "周",
    "month": "月",
}
"""Every sentence of the pages; values stand in ``{name}``."""
