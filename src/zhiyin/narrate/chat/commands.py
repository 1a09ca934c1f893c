"""What is asked of the conversation itself: why, more, start over, remember, and what it refuses."""

# ruff: noqa: E501 - patterns are read line by line

from __future__ import annotations

import re

from zhiyin.narrate.chat.state import Op

RESET = re.compile(
    r"\b(?:start (?:over|again|afresh|from scratch)|reset|(?:forget|scrap|drop|clear|ignore) (?:about )?"
    r"(?:everything|it all|all that|all of (?:that|it|this)|that all|all (?:my )?wishes|all)|new search|"
    r"from the beginning|clean slate|never mind all that)\b"
    r"|重新(?:开始|来|找|搜)|重来|从头(?:来|开始)|清空|(?:全部|全都|都|刚才的都)(?:忘掉|忘了|不要了|不算)|重置|"
    r"不看这些了|前面(?:说)?的(?:都)?(?:不算|作废|忘)|换个(?:话题|需求)|之前的都不要"
)
_PERSON = (
    r"(?:wife|husband|boss|neighbou?r|friend|ex|sister|brother|colleague|coworker|partner|girlfriend|"
    r"boyfriend|roommate|flatmate|mother|father|mom|mum|dad|son|daughter|cousin|teacher|classmate)"
)
_DATA = (
    r"(?:history|histories|data|purchases?|orders?|profile|account|address|e-?mail|phone|password|"
    r"viewing|ratings?|reviews?|basket|cart|wish ?list|watch ?list|tastes?|preferences?|library|picks|favou?rites?|recommendations|credit card|number)"
)
_DID = (
    r"(?:buy|bought|watch(?:ed|ing)?|see|seen|saw|rate[ds]?|rating|order(?:ed|ing)?|read|like[ds]?|"
    r"purchase[ds]?|been giving|giv(?:e|en|ing)|gave|browse[ds]?|view(?:ed|ing)?|look(?:ed|ing)? at)"
)
OTHERS = re.compile(
    r"\b(?:user|customer|account|member|subscriber|client|visitor|viewer|shopper)s?['’]?s?[ #:_-]*(?:id|no\.?|number)?"
    r"[ #:]*(?:[a-z]{0,8}[_-]?\d+)\b"
    rf"|\b(?:(?:an)?other|different|all|someone|somebody|everyone|everybody|anyone|any|which|what|other) "
    rf"?(?:else)?['’]?s? ?(?:user|people|person|customer|account|member|shopper)?s?['’]?s? (?:did |do |have |has )?(?:{_DATA}|{_DID})\b"
    rf"|\bmy {_PERSON}(?:['’]s| has| have| did| is| was)? ?(?:been )?(?:last |recent |latest |watch |own )*(?:{_DATA}|{_DID})\b"
    rf"|\b(?:what|which)\b.{{0,30}}\b(?:did|does|has|have|is|was) (?:my {_PERSON}|he|she|they|(?:an)?other \w+|someone|somebody|everyone)\b"
    rf"|\b[a-z]+['’]s (?:{_DATA})\b|\b(?:his|her|their) (?:{_DATA})\b"
    rf"|\b(?:list|show|give|tell|export|dump|print|send)\b.{{0,40}}\b(?:all|other|every) (?:users?|customers?|people|accounts?|members?)\b"
    r"|\bwho else (?:has |have |had )?(?:bought|watched|seen|ordered|rated|liked|got|reviewed|purchased|read)\b"
    r"|\bother (?:people|customers?|users?|shoppers?|members?|viewers?)['’]?s? (?:are |is |have |has |been |were |do |did )*(?:buy\w*|watch\w*|order\w*|see\w*|rat\w+|look\w*|read\w*|choos\w+|purchas\w+)"
    r"|\bwhat (?:are|is|were|was|have|has|do|did) (?:the )?(?:other|previous|last|next|same) (?:people|person|customers?|users?|shoppers?|buyers?|visitors?)\b"
    r"|\b(?:customers?|users?|people|person|shoppers?|buyers?|members?) who (?:bought|ordered|watched|rated|live)\b|\b(?:list|name|show|email) (?:of )?(?:all |your |the )*(?:users|customers|members|buyers|accounts)\b(?! (?:manual|guide|rating|review))"
    rf"|\bwhat (?!(?:i|we|you|it|they|the|has|have|was|is|did|do)\b)[a-z]+ (?:has |had |have )?(?:ordered|bought|purchased|wishlisted|put in)\b"
    r"|谁还?(?:也|都)?(?:买|看|评|收藏|下单)过|还有谁(?:买|看)|(?:用户|会员|顾客|客户|买家)(?:的)?(?:列表|名单|名册|资料|数据|信息)"
    r"|(?:闺蜜|小[王李张刘陈杨赵黄周吴明红刚芳丽强]|老[王李张刘陈杨赵黄周吴]|表[哥姐弟妹]|堂[哥姐弟妹]|婆婆|岳母|网友|粉丝)(?:的|最近|都|上个?月|上周|上次|昨天|之前|平时|在|以前){0,3}(?:购物车|记录|购买|订单|历史|账号|收藏|浏览|评价|评分|买|看|下单)"
    r"|(?:别人|他人|其他人|其它人|人家|大家)(?:的|都|给|在|最近){0,3}(?:购物车|收藏夹|订单|打几?[分星]|评几?[分星]|记录)|(?:(?![我咱])[\u3400-\u9fff]){2,3}(?<!自己)(?<!本人)的(?:观影|购买|购物|浏览|下单|订单|看片)(?:记录|历史|清单)"
    r"|(?:其他|其它|别的|另一个|另外|别个|所有|全部|某个|每个)(?:的)?(?:用户|顾客|账号|会员|客户|买家)|(?:用户|会员|账号|客户|顾客)\s*[#号]?\s*[a-z]{0,8}[_-]?\d+"
    r"|(?:老婆|老公|同事|朋友|邻居|老板|前任|女友|男友|女朋友|男朋友|室友|妈妈|爸爸|我妈|我爸|哥哥|姐姐|弟弟|妹妹|同学|老师|他|她|别人|他人|人家|张三|李四|隔壁\S{0,4})"
    r"(?:的|最近|都|上个?月|上周|昨天|之前|平时|以前){0,3}(?:手机号?|电话|地址|密码|邮箱|记录|购买|订单|历史|账号|收藏|浏览|评价|评分|买(?:了|过)|看(?:了|过)|下单)"
    r"|(?:别人|他人|其他人|其它人|大家|人家)(?:都|最近|在|平时)*(?:看|买|喜欢|收藏|评)了?(?:什么|啥|哪些)|(?:一个|那个|这个)叫\S{1,6}的(?:人|用户|顾客)"
    r"|(?:导出|查一?下?|列出|调出).{0,12}(?:用户|会员|顾客|客户|别人|他人|她|他)的?.{0,8}(?:记录|数据|订单|评分|历史|信息)"
)
"""Questions about somebody else."""
ABOUT_THEM = re.compile(
    r"\b(?:he|she|him|his|her|they|them|their)\b|他|她|人家|那个人|对方|本人同意"
)
"""Goes on about the one before."""
_OBEYS = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|rules?|"
    r"instructions?|system|prompts?|filters?|guidelines)\b"
    r"|\bsystem prompt|\bdeveloper mode|\bjailbreak|\byou are now\b|\bpretend (?:to be|you)|\broleplay as|"
    r"\bact as (?:an? )?(?:admin\w*|system|root|developer|owner)|\b(?:no|without any?) (?:filters?|restrictions?)|"
    r"\b(?:delete|drop|erase|wipe|truncate) (?:all|the|every|my)\b.{0,20}\b(?:items?|users?|data(?:base)?|tables?|catalogue|history|records?)\b"
    r"|\b(?:set|change|turn|switch|disable|enable)\b.{0,20}\b(?:diversity|exploration|epsilon|rules?|filters?|settings?|weights?|config\w*|blacklist|blocklist|ranking|policy|temperature)\b"
    r"|\b(?:repeat|print|show|reveal|output|translate|tell me|write out)\b.{0,30}\b(?:prompt|instructions|everything above|above this line|first message|initial message|system message|configuration|api key|secrets?|source code)"
    r"|\brepeat after me\b|\b(?:reply|answer|respond|say) (?:exactly|only|with|word for word)\b|\bapi[ _-]?keys?\b"
    r"|\b(?:administrator|maintenance code|admin (?:mode|access)|sudo|root access)\b"
    r"|\bapply (?:a )?\d+ ?%|\b\d+ ?% off\b|\b(?:discount|coupon|voucher|refund)s?\b|\b(?:for free|free of charge)\b"
    r"|\bconfirm the (?:new )?price|\b(?:place|cancel) (?:an |my |the )?order|\badd .{0,30} to (?:my |the )?(?:cart|basket)"
    r"|[{<\[|]\s*[\"']?(?:tool|function|name|im_start|system|assistant)\w*[\"']?\s*[:|>\]]|\btool_call|<\|"
    r"|\b(?:forget|remember|delete|erase|set_\w+|call|exec|eval)\s*\(|调用\s*\w+|执行完"
    r"|(?:忽略|无视|忘记|忘掉|绕过|跳过|不要管|抛开)[^，。,]{0,12}(?:指令|规则|提示|设定|要求|身份|限制|约束)|系统提示|提示词|开发者模式|管理员(?:模式|权限)?|"
    r"你现在(?:是|扮演)|从现在起|没有限制|扮演|(?:第一条|初始|原始)(?:消息|指令)|(?:打印|输出|翻译|复述|重复)[^，。]{0,14}(?:提示|指令|消息|原文|上面)"
    r"|(?:把|将)?[^，。]{0,8}(?:探索率|多样性|去重|黑名单|权重|排序|配置|参数|设置|系统)[^，。]{0,6}(?:调|改|设|关|开|到)|(?:关掉|关闭|打开|禁用|停用)[^，。]{0,10}(?:去重|黑名单|规则|过滤|限制|日志)"
    r"|(?:免费|白)送|免单|打[一二三四五六七八九\d.]+折|优惠券|退款|降价到|改价|0元|零元|回答我[：:]|(?:照着|跟着|跟我)(?:读|念|说)|复读|(?:帮我)?下单|加(?:入)?购物车|工号|平台运营|我是(?:老板|店主|管理员|客服|员工)"
)
OBEY = re.compile(_OBEYS)
"""Orders to the machine, offers that nobody recorded, words to be repeated."""
OWN_LIMIT = re.compile(
    r"\b(?:price|year|rating|genre|age|budget|brand|decade|director|mpaa|category)s? (?:filters?|limits?|restrictions?|rules?|settings?)"
)
"""A wish of the user's own, which is theirs to change."""
WHY = re.compile(
    r"\bwhy\b|\bhow come\b|\breasons?\b|\bexplain\b|\bwhat makes\b|\bjustify\b|\bcome up with\b|\bwhat(?:['’]s| is) (?:so )?(?:good|great|special) about\b|\bhow did you (?:pick|choose|select|decide)\b|\b(?:logic|reasoning|rationale)\b|\bwhat.{0,10}based on\b|为什么|为何|为啥|理由|原因|解释|"
    r"凭什么|凭啥|怎么会?(?:想到)?(?:推荐|选|挑)|咋推荐|依据|好在哪|道理|缘由|怎么就推荐"
)
COMPARE = re.compile(
    r"\b(?:differ(?:s|ences?)?\b|different from|compare|comparison|versus|vs\.?|which (?:one )?is (?:better|newer|cheaper|older))\b|区别|不同之处|有什么不同|哪里不同|有何不同|对比|比较一下|"
    r"比一比|哪个(?:更|好)|哪一?[个部款](?:更|好)|有什么不一样|差在哪"
)
DESCRIBE = re.compile(
    r"\b(?:tell me (?:more )?about|describe|what(?:['’]s| is| are|s)?\b.{0,40}\babout|more about|details?|information|"
    r"who (?:made|makes|directed|stars|wrote|plays)|what (?:brand|year|genre|kind|material|colou?r|size) is|when (?:was|did)|"
    r"how (?:long|old|big|heavy|much|many|large|expensive)\b|is (?:it|that|this|the)\b|"
    r"(?:does|do|can|will|would|could|has|have|did) (?:it|that|this|the (?:first|second|third|fourth|fifth|last|top|\w+ one))\b|"
    r"any good|worth (?:it|buying|watching))\b|讲的?(?:是|了)?什么|说的是什么|介绍(?:一下)?|什么内容|详情|详细|怎么样|好不好|值得(?:买|看|读)?吗|"
    r"多少钱|什么价|多久|多长|多大|是谁(?:导|演|写|拍)|哪年|什么牌子|什么材质|续航|能不能|可以.{1,8}吗|是不是|会不会"
)
MORE = re.compile(
    r"\b(?:show me more|more please|(?:any|some) more|more(?: of (?:these|those|them))?$|other ones|others|(?:something|anything) else|next|"
    r"different ones|another (?:batch|set|round|page|few|five|one)|(?:seen|watched|know|read|tried) (?:it|them|those|these|that|all|every\w*|both|most)|(?:already|have) (?:got|own) (?:it|them|those|these|that|all)|(?:besides|other than|none of|not) (?:these|those|them)|different (?:movies|films|items|options|set|selection)|next (?:page|five|few|batch)|(?:two|three|four|five|few) (?:more|others)|what else|more options|more results|other options|new ones|not these|again)\b"
    r"|换一批|换一换|换一组|换批|(?:都|全)?(?:看|买|读)过了|还有(?:吗|别的|其他|没有)|再来|再推荐|其他的|其它的|别的(?:吗|呢)?$|下一[批页]|换几个|换一?个(?:别的)?$|换点别的|再看看|再换|多来"
)
UNSEEN = re.compile(
    r"\b(?:others?|else|different|another|besides|none of (?:these|those|them)|(?:seen|watched|read|tried) (?:all|them|those|these|every\w*|most))\b"
    r"|换一?[批换组些]|别的|其他|其它|再来|再推荐|(?:看|买|读)过了"
)
"""Asks for what was not shown yet."""
RO_COM = re.compile(r"\b(?:rom-?coms?|romantic comed(?:y|ies))\b")
"""Two kinds in one word."""
BRIEF = re.compile(
    r"\b(?:shorter(?! (?:on|than|films?|movies?|ones?)\b)|briefly|brief|keep it short|in short|fewer words|short version|less text|too long|tl;?dr|one sentence|be concise|concise)\b|"
    r"简短|(?:说|讲|再)?短一?[点些]|少说|长话短说|简单(?:点|一点)?说|简洁|太长了|精简|一句话"
)
LIKE = re.compile(
    r"\b(?:like|similar to|(?:something|anything|more|others?|ones?) similar|similar (?:ones?|things?|films?|movies?|items?|products?)|resembl\w+|same (?:kind|sort|style|genre|type|vein) as|in the spirit of|reminiscent of|along (?:the|those|these|similar) lines(?: of)?|in (?:that|the same) vein|in the style of)\b"
    r"|像|类似|跟.{0,8}(?:差不多|一样|类似)|和.{0,8}(?:差不多|一样|类似|同类)|同类"
)
SAME = re.compile(
    r"\b(?:same|more (?:by|from)|else (?:by|from)|others? (?:by|from|of)|anything (?:by|from)|by the)\b|(?:的|同一?个?)(?:牌子|品牌|导演|作者|演员|类型)|同(?:品牌|导演|牌子|类)|一个牌子"
)
OTHER = re.compile(
    r"\b(?:another|(?:a )?different|other|some other|not (?:this|that|the same)) (?P<en>brands?|makers?|directors?|actors?|genres?|categor(?:y|ies))\b"
    r"|(?:换个?|换一个|别的|其他|其它|另一个|不同的?)(?P<zh>牌子|品牌|导演|演员|类型|类别)"
)
"""Asks for another value of an attribute than what was shown."""
ONLY = re.compile(
    r"\b(?:only|just|instead|rather|switch to|change (?:it )?to|make (?:it|that)|actually|i meant|meant)\b|只要|只看|只想|只买|换成|改成|改为|改看|换到|还是(?:只|要|看|换|来)|换|改"
)
INSTEAD = re.compile(
    r"\b(?:instead|rather|switch to|change (?:it )?to|make (?:it|that)|actually|i meant|meant|(?:how|what) about)\b|换成|改成|改为|改看|换到|换|改"
)
"""Asks for something else instead of what was wished before."""
ALSO = re.compile(
    r"^and\b|\b(?:also|as well|plus|both|too(?=\W*$)|in addition|additionally|combined|mixed|at the same time|moreover|that['’]?s)\b|也|还要|还得|并且|而且|同时|另外还|又|加上|最好(?:是|再)?"
)
LOVED = re.compile(
    r"\bi(?: really| just| absolutely)? (?:loved|liked|enjoyed|adored)\b|(?:看完|读完|喜欢|爱看)了?"
)
"""Names something as a model of what is wanted."""
ABOUT = re.compile(r"\b(?:about|on) (?:the |an? )?$|(?:关于|有关)$")
"""Stands before the subject of something."""
EITHER = re.compile(
    r"\b(?:(?:is|are|would be|'s) (?:also )?(?:fine|ok(?:ay)?|good|great|nice)(?:,? (?:too|as well))?(?=\W*$)|would also (?:do|work)|works? too|or maybe)\b|也行|也可以|也成|也不错|也能接受|也好"
)
"""What was wished before is enough, too."""
REMEMBER = re.compile(
    r"\b(?:remember (?:that|this|it|i|my|for)|please remember|remember,|keep in mind|note that i|make a note|save (?:that|this|my)|from now on|in (?:the )?future|for next time|don['’]?t forget)\b"
    r"|记(?:住|一下|下来|得我|着)|帮我记|以后(?:都|别|也|不要|请|就)|存(?:下来|一下)|别忘了"
)
FORGET = re.compile(
    r"\b(?:forget (?:what i said|that i|about my|my (?:preference|note|dislike)|the (?:preference|note)|that (?:note|preference|one|again|bit|part))|(?:do not|don['’]?t) (?:remember|keep|store|save) (?:that|this|it)|"
    r"(?:delete|remove|erase|unsave|undo) (?:that|this|the|my) (?:note|preference|memory|wish|last one)|unremember|stop remembering|you can forget)\b"
    r"|别记了?|不用记|不要记|忘了(?:那|刚才|这)|(?:刚才|那)(?:一)?条[^，。]{0,4}(?:别|不用|不要|忘|删|取消|作废)|取消(?:刚才|那条|这条)?的?(?:记|偏好)|删(?:掉|了)[^，。]{0,6}(?:偏好|记录|那条|记)|不用再记"
)
DROP = re.compile(
    r"\b(?:any|never mind(?: the| about the)?|forget(?: about)?(?: the)?|doesn['’]?t matter|does not matter|drop the|remove the|lift the|without the|scrap the|"
    r"don['’]?t care about(?: the)?|regardless of(?: the)?|whatever(?: the)?|no(?: more)? limit on(?: the)?|no longer (?:matters|important)|is(?:n['’]?t| not) important|ignore the|can be any(?:thing)?|of any|no matter(?: the| what| which)?)\b"
    r"|不限|无所谓|都行|都可以|不管|随便|不用管|取消|不考虑|不论|不重要|不在乎|没关系|放开|去掉|不设"
)
FIELDS = {
    "price": r"price|budget|cost|expensive|how much (?:is|are|does it cost|for)|价格|价位|预算|多少钱|价钱|钱|贵",
    "year": r"\byears?\b|\bage\b|\beras?\b|decades?|\bdates?\b|年份|年代|新旧|哪年|时间",
    "categories": r"genres?|categor(?:y|ies)|\bkinds?\b|\btypes?\b|类型|类别|题材|分类|种类|品类",
    "brand": r"\bbrands?\b|\bmakers?\b|manufacturer|\bpublishers?\b|出版社|品牌|牌子|厂家",
    "directors": r"directors?|导演",
    "actors": r"\bactors?\b|actress|\bcast\b|演员|主演",
    "rating": r"(?<!age )ratings?|\bstars\b|\bscore\b|\breviews?\b|评分|打分|好评|口碑",
    "runtime_min": r"runtime|running time|\blength\b|\bduration\b|片长|时长|多长|how long",
    "mpaa": r"age rating|\bmpaa\b|分级",
    "colour": r"colou?rs?|颜色",
    "size": r"\bsizes?\b|尺码|尺寸",
    "weight": r"\bweight\b|how heavy|重量|多重",
    "battery": r"battery life|续航",
    "availability": r"in stock|stock\b|available|库存|有货|现货|delivery|shipping|发货|物流|配送",
}  # fmt: skip
"""Words for attributes."""
ORDINAL = re.compile(
    r"\b(first|second|third|fourth|fifth|last|middle|1st|2nd|3rd|4th|5th)\b(?! time| of all)|#\s?(\d)\b|\b(?:number|no\.?) (\d|one|two|three|four|five)\b"
    r"|\b(?:the one )?at the (top|bottom)\b|\b(top) (?:one|pick|result|item)\b|第([一二三四五1-5])(?:[个部本款件只张首条项种家]|$|(?=[^年代次\d]))|(最后一|最后那|倒数第一)[个部本款件]"
)
FIRST_TWO = re.compile(
    r"\b(?:first|top) (two|three|2|3)\b|前([两二三23])(?:[个部本款件])?|\b(both) (?:of )?(?:them|these|those)\b"
)
RELEASE = re.compile(
    r"\b(?:drop|lose|scrap|remove|forget(?: about)?|never mind|no need for|doesn['’]?t (?:have|need) to be)(?: the| an?)?(?= )|不用(?:是|限)|不一定(?:要|非)?|不必"
)
"""Lets go of a value that was wished."""
COUNT = re.compile(
    r"\b(?:give|show|find|recommend|suggest|just|only)(?: me)?(?: just| only)? (two|three|four|[2-4])\b(?! ?(?:hours?|minutes?|years?|inch|mm|cm|[a-z]?\d))"
    r"|(?:推荐|给我|来|找)(?:我)?([两二三四2-4])(?=[部个本款件双条])"
)
"""Asks for so many items."""
AT_MOST = re.compile(
    r"\b(?:at most|or (?:lower|under|below|less|milder)|and (?:under|below)|max(?:imum)?|no (?:higher|more) than|up to)\b|以下|以内|最多"
)
"""Makes an age rating the highest one."""
SEEN = re.compile(
    r"\b(?:swap|replace|seen|watched|read|own|got|have|know|bought|skip)\b|看过|买过|读过|有了|不要|跳过"
)
"""Says of items of the slate that they are known or not wanted."""
PLACES = {
    **{w: i for i, w in enumerate("first second third fourth fifth".split())},
    **{w: i for i, w in enumerate("1st 2nd 3rd 4th 5th".split())},
    **{w: i for i, w in enumerate("one two three four five".split())},
    **{w: i for i, w in enumerate("一二三四五")}, **{w: i for i, w in enumerate("12345")},
    "middle": 2, "两": 1, "last": -1, "最后一": -1, "最后那": -1, "倒数第一": -1, "top": 0, "bottom": -1,
}  # fmt: skip
"""Places of a slate by the words for them."""
CHANGE: list[tuple[str, str, Op]] = [
    (r"\b(?:cheaper|less expensive|lower[- ]price\w*|less pric[ey]+|more affordable|too (?:expensive|pricey|dear))\b|(?:再|更|稍微?)?便宜一?[点些]|更便宜|再便宜|太贵|有点贵|贵了", "price", "<"),
    (r"\b(?:more expensive|pricier|dearer|higher[- ]price\w*|more upmarket|too cheap|better quality)\b|(?<!便宜)(?<!太)贵一?[点些](?!了)|更贵|更高档|高档一?[点些]|好一?[点些]的", "price", ">"),
    (r"\b(?:newer|more recent|more modern|later ones?|too old|more current|younger)\b|新一?[点些]|更新(?:的|一)|太老|太旧|近一?[点些]|再新|更近", "year", ">"),
    (r"\b(?:older|earlier ones?|more classic|too (?:new|recent|modern)|more vintage)\b|老一?[点些]|旧一?[点些]|更老|更早|更旧|早一?[点些]|再老|太新", "year", "<"),
]  # fmt: skip
"""Asks for a difference to what was shown."""
SORT: list[tuple[str, str, str]] = [
    (r"\b(?:cheapest|lowest[- ]price\w*|least expensive|price (?:low|ascending)|(?:sort|order)\w* by price(?! desc)(?!.*high)|cheap(?:er)? (?:ones )?first)\b|最便宜|价格(?:从|由)低|(?:从|由)(?:便宜|低)到|便宜的?(?:排|放|在|先)前?|价格升序|按价格(?!.*高到)", "price", "asc"),
    (r"\b(?:priciest|most expensive|dearest|highest[- ]price\w*|price (?:high|descending)|expensive (?:ones )?first)\b|最贵|价格(?:从|由)高|(?:从|由)(?:贵|高)到|贵的?(?:排|放|在)前?|价格降序", "price", "desc"),
    (r"\b(?:newest|latest|most recent|(?:newer|recent|new) (?:ones )?first|reverse chronological)\b|最新|(?:从|由)新到|新的?(?:排|放|在)前?|(?:从|由)近到", "year", "desc"),
    (r"\b(?:oldest|earliest|(?:older|old) (?:ones )?first|chronological(?:ly)?|by year)\b|最老|最早|最旧|(?:从|由)(?:旧|老|早)到|老的?(?:排|放|在)前?|旧的?(?:排|放|在)前", "year", "asc"),
    (r"\b(?:best[- ]rated|highest[- ]rated|top[- ]rated|by rating)\b|评分(?:最高|从高|由高)|口碑最好", "rating", "desc"),
    (r"\b(?:shortest)\b|最短", "runtime_min", "asc"),
    (r"\b(?:longest)\b|最长", "runtime_min", "desc"),
]  # fmt: skip
"""Asks for an order."""
CHILDREN = re.compile(
    r"\b(?:family[- ]friendly|(?:the )?whole family|kids?|child(?:ren)?|toddlers?|family night|my (?:son|daughter)|\d+[- ]year[- ]olds?|nephews?|nieces?|grandchild\w*|little ones?)\b|小孩|孩子|儿童|小朋友|全家|合家|老少皆宜|带娃|女儿|儿子|[三四五六七八九十\d]岁"
)
"""Children are in the room."""
NEEDS: list[tuple[str, str]] = [
    (r"\bstick\b.{0,40}\btogether\b|\bglue\b|\bmend (?:a|the|my)\b|粘(?:起来|住|牢|上|好|东西)", "glue"),
    (r"\bmeasure\b.{0,40}\b(?:thickness|diameter|width|depth)\b|量(?:一下)?(?:厚度|直径|内径|外径)", "caliper"),
    (r"\b(?:what|something) (?:should|can|do) i wear on my hands\b|\bprotect my hands\b|保护(?:双)?手", "glove"),
    (r"\bprotect my eyes\b|保护眼睛", "safety glasses"),
    (r"\bkeep (?:a |my )?(?:drink|coffee|tea|water)s? (?:hot|warm)\b|保温", "thermos"),
    (r"\bblock (?:out )?(?:the )?noise\b|隔音|听不见噪音", "noise cancelling"),
]  # fmt: skip
"""What is needed for something, where people say the need and not the thing."""
QUOTED = re.compile(r"[“\"《「『]([^”\"》」』]{1,100})[”\"》」』]")
ASKS_FOR_ONE = re.compile(
    r"\b(?:do you (?:have|carry|stock|sell)|have you got|got any|is there|are there|looking for|find(?: me)?|i want(?: to (?:see|watch|buy|read))?|can i (?:get|see|watch)|any(?:thing)? (?:by|called|named)|called|named|titled|what about|got)\b|有没有|有《|有卖|叫做?|名叫|找一?[部本个款]"
)
"""Asks for a certain item."""
