"""Lines of a scraped page that are not part of its article: a table of patterns and reasons.

A pattern must match the whole line, and is for what pages repeat, never for what a reporter could
have written: a lost paragraph costs more than a kept button. Alternatives inside a repetition never
begin alike, so that no line can make the matching slow.
"""

import re

MAX_CHARS, MAX_PIECE = 320, 100

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:(?:{_WEEKDAY},? )?(?:{_DAY} {_MONTH},? \d{{4}}|{_MONTH} {_DAY},? \d{{4}})"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
)
_TIME = r"\d{1,2}[:.]\d\d(?::\d\d)? ?(?:[ap]\.?m\.?)? ?(?:\(?[a-z]{2,4}\)?)?"
_PERIOD = r"(?:sec(?:ond)?|min(?:ute)?|hr|hour|day|week|month|year)s?"
_COUNT = r"[\d.,]+ ?[kmb]?"
_AGENCY = (
    r"(?:ap|afp|reuters|epa|efe|dpa|tass|ukrinform|bloomberg|anadolu|xinhua|getty(?: images)?|"
    r"shutterstock|istock|alamy|(?:associated )?press(?: association)?)"
)
_SITE = (
    r"(?:facebook|twitter|x|whatsapp|telegram|linkedin|reddit|instagram|youtube|tiktok|threads|"
    r"bluesky|mastodon|messenger|flipboard|pocket|pinterest|google news|apple news)"
)
_NAV = (
    r"(?:home|news|world|europe|asia|africa|americas|middle east|politics|business|economy|markets|"
    r"sports?|opinion|editorial|culture|arts|lifestyle|style|travel|tech|technology|science|health|"
    r"climate|education|entertainment|weather|jobs|videos?|photos?|pictures|gallery|audio|podcasts?|"
    r"newsletters?|live|tv|shop|menu|search|close|open|next|previous|back|(?:back to )?top|contact|"
    r"about|contact us|about us|advertise|advertise with us|careers|help|faqs?|log ?in|log ?out|"
    r"sign ?in|sign ?up|sign ?out|register|subscribe|donate|settings|my account|archives?|e-?paper|"
    r"sitemap|rss|accessibility|more|comments?|reply|report|saved?|bookmark|print|e-?mail|share|"
    r"tweet|like|copy link|link copied!?|follow(?:ing)?|listen|play|pause|mute|unmute|fullscreen|"
    r"transcript|loading|(?:privacy|cookies?)(?: policy| notice| preferences)?|"
    r"terms(?: of use| of service| (?:and|&) conditions)?|legal|imprint)"
)
_STORIES = r"(?:articles?|stories|story|content|topics?|news|coverage|posts?|reading|videos?)"

# Headings of lists: the headlines that follow one are clutter as well.
_LIST_HEADERS = (
    rf"(?:related|recommended|popular|trending|sponsored|other|latest|top|more)(?: {_STORIES})+"
    r" ?:?",
    r"(?:related|recommended|recommended for you|popular|trending|trending now|topics?|tags?) ?:?",
    r"most (?:read|popular|viewed|watched|shared|recent) ?:?",
    r"(?:read|up|watch|what to read) next ?:?|(?:keep|continue) reading",
    r"(?:also read|read also|see also|also in this section|in this (?:article|story)) ?:?",
    r"you (?:may|might)(?: also)? (?:like|be interested in|have missed) ?:?",
    r"more (?:from|on|about) [^.!?:]{1,60}:?",
    r"editor['’]?s['’]? (?:picks?|choice)|don['’]t miss ?:?|in case you missed it ?:?",
    r"(?:from )?around the web|from the web|paid content",
)

_PATTERNS = (
    (r"[\W_]+", "no letter or digit: '-', '* * *'"),
    (rf"{_COUNT}\d* ?[-–]?", "counters: '148K75 -'"),
    (r"\d{1,2}(?::\d\d){1,2}(?: ?/ ?\d{1,2}(?::\d\d){1,2})?", "durations"),
    (
        rf"{_COUNT} ?(?:watching|views?|viewers?|comments?|shares?|likes?|followers?|subscribers?|"
        r"reads?|replies|retweets|reactions?|votes?)(?: now)? ?[-–·|]?",
        "audience counters: '855 watching -'",
    ),
    (r"live|dvr|hd|replay|premiere|breaking(?: news)?|exclusive|watch(?: live| now)?|ad", "badges"),
    (r"premium(?: only)?(?: content)?|members only|subscribers?[- ]only", "paywall badges"),
    (rf"(?:posted |updated )?(?:\d+|an?) {_PERIOD} ago(?: ?[-–·|])?", "ages: '14 hours ago'"),
    (rf"\d+ {_PERIOD} ago(?:[\w\"“'‘#\[(]| [-–·|] ).{{0,200}}", "ages glued to a headline"),
    # Directions and buttons
    (
        r"(?:read|see|show|load|view|learn|find out|discover) "
        r"(?:more|less|all|full (?:story|article))"
        r"(?: (?:about|on|at|from|in|here)\b[^.!?]{0,100})? ?[.…»>→]*",
        "'Read more' buttons",
    ),
    (
        r"(?:(?:also )?(?:read|see|watch|listen)|(?:read|see) also|(?:read|watch) more|more|"
        r"don['’]t miss|related(?: \w+)?|in pictures|video|you may (?:also )?like) ?[:|»>].{1,200}",
        "links to other stories",
    ),
    (r"(?:continue|keep) reading.{0,60}", "directions"),
    (r"(?:story|article) continues (?:below|after).{0,60}", "directions"),
    (r"skip (?:to |past )?(?:\w+ )?(?:content|navigation|ad\w*|newsletter).{0,40}", "directions"),
    (r"scroll (?:down )?to continue.{0,30}|(?:after|before) newsletter promotion", "directions"),
    (r"(?:click|tap) here (?:to|for) .{1,80}", "directions"),
    (r"-* ?(?:advertise?ments?|advertising)(?: ?-+ ?.{0,60})?", "advertisements"),
    (r"(?:sponsored|promoted)(?: content| by [^.]{1,60})?|paid (?:post|partnership)", "ads"),
    (r"(?:get|download|open in) (?:the |our )?app\b.{0,40}|loading(?: \w+)? ?[.…]*", "buttons"),
    (
        r"(?:gift|print) this (?:article|page|story)|(?:report|submit) an? (?:correction|tip)",
        "buttons",
    ),
    (
        r"write to (?:the editor|us)|(?:join|subscribe|donate|try it|buy|register|apply) now",
        "buttons",
    ),
    (
        r"(?:share|tweet|e-?mail|save|print)(?: this)?(?: (?:article|story|post|page|video|link))?"
        rf"(?: (?:on|via|with) {_SITE}.{{0,40}})? ?:?",
        "share buttons",
    ),
    (rf"(?:(?:share|{_SITE}|e-?mail|print|copy link|more)\b[\s,|/·•]*)+", "share bars"),
    (rf"(?:follow|like|join|find) (?:us|me|@\w+|[^.]{{1,50}}) on {_SITE}\b.{{0,80}}", "follow us"),
    (r"(?:join|follow) our [^.]{0,60}(?:channel|group|community|page|feed)\b.{0,80}", "channels"),
    # Sign-up, subscription, consent
    (
        r"(?:please )?(?:subscribe|sign[- ]?up|register|log[- ]?in|sign[- ]?in)"
        r"(?: now| today| here| free| for free|"
        r" to (?:continue|read|comment|view|unlock|access|get|receive|join)\b.{0,120}|"
        r" (?:to|for) [^.]{0,80}(?:newsletters?|alerts?|updates|e-?mails?|briefing|podcast|digest)"
        r"\b.{0,120})? ?[.!→>]*",
        "sign-up boxes",
    ),
    (r"subscribe (?:to|for|and) .{1,120}|start your free trial.{0,60}", "subscriptions"),
    (r"already (?:a|have an?) (?:\w+ )?(?:subscriber|member|account)\b.{0,60}", "paywalls"),
    (r"become an? (?:\w+ )?(?:member|subscriber|supporter)(?: .{0,80}|[!.]?)", "paywalls"),
    (r"[^.!?]{0,60}\bdonate (?:from|now|today|here)\b[^.]{0,40}", "donations"),
    (r"support (?:our|independent|quality) (?:work|journalism|reporting)\b.{0,120}", "donations"),
    (
        r"this (?:article|content|story|video) is (?:only )?(?:for|available to|reserved for) "
        r"(?:our )?(?:\w+ )?(?:subscribers|members)\b.{0,60}",
        "paywalls",
    ),
    (r"(?:get|receive) [^.,]{0,120}(?:your inbox|by e-?mail|newsletter)\b.{0,80}", "newsletters"),
    (r"[^.,]{0,90} (?:delivered|straight|sent|direct(?:ly)?) to your inbox\b.{0,60}", "inbox"),
    (r"[^.,:]{1,40} newsletters?|(?:enter )?your e-?mail(?: address)?.{0,40}", "newsletters"),
    (r"(?:you can )?unsubscribe(?: at any ?time)?.{0,40}", "newsletters"),
    (r"thank(?:s| you) for (?:subscribing|signing up|reading)\b.{0,60}", "newsletters"),
    (r"[^.]{0,60}\b(?:we|site|website)(?: and our partners)? use(?:s)? cookies\b.*", "cookies"),
    (r"(?:accept|reject|allow|manage) (?:all )?(?:cookies|consent|preferences)", "cookies"),
    (
        r"by (?:continuing|clicking|signing up|subscribing|using)\b.{0,100}\byou "
        r"(?:agree|accept|consent|acknowledge)\b.*",
        "consent notices",
    ),
    # Players and reading aids
    (
        r"this (?:video|audio|content) (?:can ?not|could not|is (?:not|un|no longer)).{0,80}",
        "player",
    ),
    (r"your browser does not.{0,120}|(?:please )?(?:enable|turn on) javascript.{0,100}", "players"),
    (r"listen to this (?:article|story).{0,40}|listen ?[(·-].{0,20}", "reading aids"),
    (r"(?:estimated )?read(?:ing)? time ?:?.{0,30}", "reading aids"),
    (r"\d+[- ]min(?:ute)?s?(?: read| listen)?", "reading aids"),
    # Credits, dates, notes
    (
        r"\(?(?:file )?(?:photos?|images?|pictures?|photographs?|graphics?|illustrations?|videos?|"
        r"source|credits?)(?: (?:credits?|by|courtesy|source))* ?[:/©|] ?[^.]{1,100}\.?\)?",
        "credits",
    ),
    (r"(?:photo|image|picture|photograph|caption)s? ?: .{1,250}", "captions"),
    (rf"[(\[©]? ?(?:{_AGENCY}(?: photos?)?\b[\s/,|-]*)+[)\]]?\.?", "agency names"),
    (
        r".{0,250}[(\[](?:(?:(?:ap|file|reuters|afp|handout) )?(?:photo|image|picture)s?\b|credit:|"
        r"source:)[^)\]]{0,120}[)\]]\.?",
        "captions with a credit",
    ),
    (rf"[^.!?\"“,]{{2,60}}(?:/| via |© ?){_AGENCY}(?:/[^.]{{1,40}})?", "photographers"),
    (
        r"(?:(?:first |last )?(?:published|updated|posted|created|modified) ?:? ?(?:on |at )?)?"
        rf"(?:{_DATE}|{_TIME})(?:[ ,|·–-]{{1,3}}(?:at |on )?(?:{_DATE}|{_TIME})){{0,3}} ?[-–|·]*",
        "dates",
    ),
    (r"(?:first |last )?(?:published|updated|modified) ?: [^.]{0,30}\d{4}[^.]{0,100}", "dates"),
    (rf"[^.,:;!?\"“]{{2,50}}[,|·–-] ?{_DATE}", "outlet and date"),
    (r"\([^()]{2,60}/ ?[^()]{2,60}\)", "credits in brackets"),
    (r"(?:©|\(c\) |copyright ?(?:©|\(c\)|\d{4}|by\b)).*", "copyright"),
    (r".{0,120}\ball rights reserved\b.*", "copyright"),
    (
        r"(?:this material|no part of this|reproduction|republication)\b.{0,100}"
        r"\b(?:may not be|without|prohibited|forbidden)\b.*",
        "copyright",
    ),
    (r"our standards: .{0,60}|disclaimer ?:.*|the views expressed (?:in|by|here)\b.*", "notices"),
    (
        r"\(?this (?:story|article|report) (?:has been|was|is) (?:auto-generated|first published|"
        r"originally (?:published|produced)|republished|translated|published (?:from|by|with))\b.*",
        "notices",
    ),
    (
        r"\(?(?:with|includes?) (?:additional )?(?:inputs?|reporting|files) (?:from|by) [^.]{1,99}"
        r"\.?\)?",
        "notices",
    ),
    (r"[^.]{3,160}\bcontributed (?:reporting|to this (?:report|story|article))\.?", "notices"),
    (r"(?:tags?|topics?|keywords?|filed under|categories|posted in) ?:.{1,250}", "tags"),
    (r"(?:#\w+[\s,]*)+", "tags"),
    (rf"{_NAV}(?:[\s|/·•»›>,]+{_NAV})* ?[»›>→]*", "navigation words"),
    (r"[^.!?|›»•·>]{1,40}(?:[|›»•·>][^.!?|›»•·>]{1,40}){2,}", "trails: 'Home | World | Europe'"),
    (
        r"(?:(?:leave|post|write|add) a (?:comment|reply)|be the first to comment|"
        r"comments are closed|(?:join|start) the (?:conversation|discussion)).{0,60}",
        "comment boxes",
    ),
    (rf"(?:view|show|hide|read|load) (?:all |the )?(?:{_COUNT} )?(?:comments|replies)", "comments"),
    (r"(?:https?://|www\.)\S+|\S+@\S+\.[a-z]{2,}|@\w{2,30}", "addresses and handles"),
)

# Credits keep their capitals: "By Anna Berg in Riga", but not "By then it was too late".
_NAME = r"(?:[A-Z][\w.'’-]*|de|van|von|der|al|bin|la)"
_NAMES = rf"{_NAME}(?: {_NAME}){{0,4}}"
_WORD = (
    r"(?:[A-Z][\w.'’-]*|in|at|for|and|with|from|of|the|by|our|staff|desk|bureaus?|newsrooms?|"
    r"reporting|editing|writing|additional)"
)
_CREDITS = (
    rf"(?:By|BY) {_NAMES}(?:(?:,| and|, and| \||,? in| for| of| at| -| –) {_NAMES}){{0,4}}"
    r"(?:, [\w’' -]{3,60}(?:editor|correspondent|reporter|writer|analyst))?",
    rf"(?:By|BY|From) (?:our|Our|a) [\w' -]{{0,30}}(?:desk|correspondents?|reporters?|staff|team)"
    rf"(?:,? in {_NAMES})?",
    r"\(?(?:Additional r|R)eporting by [^.;!?\"“]{1,100}; ?(?:[Ww]riting|[Ee]diting) by "
    r"[^.]{1,80}\.?\)?",
    r"\(?(?:Additional reporting|Reporting|Writing|Editing|Written|Edited|Translated|Compiled) by "
    rf"{_WORD}(?:[,;:/&() ]+{_WORD})*[.)]*",
)

_CLUTTER = re.compile("|".join((*(pattern for pattern, _ in _PATTERNS), *_LIST_HEADERS)), re.I)
_HEADER = re.compile("|".join(_LIST_HEADERS), re.I)
_CREDIT = re.compile("|".join(_CREDITS))
_SEPARATOR = re.compile(r" [|·•] ")
# Somebody speaks: never clutter, whatever words the line begins with.
_SPEECH = re.compile(
    r"[\"“«‘'].+ .+|"
    r".*\b(?:said|says|told|added|adds|warned|asked|argued|insisted|wrote|stressed|noted)\b"
    r".*[.!?][\"”’»)]*"
)


def is_clutter(line: str) -> bool:
    """Whether a line of a page is certainly not part of an article's text."""
    line = " ".join(line.split())
    if not line:
        return True
    if len(line) > MAX_CHARS or _SPEECH.fullmatch(line):
        return False
    if _CLUTTER.fullmatch(line) or _CREDIT.fullmatch(line):
        return True
    pieces = _SEPARATOR.split(line)  # a row of buttons: "Cite as · Share · Our quiz of the week"
    n_clutter = sum(bool(_CLUTTER.fullmatch(piece)) for piece in pieces)
    return 2 * n_clutter > len(pieces) and max(map(len, pieces)) <= MAX_PIECE


def is_list_header(line: str) -> bool:
    """Whether a line heads a list of other stories or of tags, such as "Related:"."""
    return bool(_HEADER.fullmatch(" ".join(line.split())))
