"""The rules of `clutter` for credits, dates and notices; those of `CREDITS` look at capitals."""

from communique.serve.clutter_words import AGENCY, COUNT, DATE, NAV, TIME

NOTICES = (
    # Credits, dates, notes
    (
        r"\(?(?:file )?(?:photos?|images?|pictures?|photographs?|graphics?|illustrations?|videos?|"
        r"source|credits?)(?: (?:credits?|by|courtesy|source))* ?[:/©|] ?[^.]{1,100}\.?\)?",
        "credits",
    ),
    (r"(?:photo|image|picture|photograph|caption)s? ?: .{1,250}", "captions"),
    (rf"[(\[©]? ?(?:{AGENCY}(?: photos?)?\b[\s/,|-]*)+[)\]]?\.?", "agency names"),
    (rf"[^.!?\"“,]{{2,60}}(?:/| via |© ?){AGENCY}(?:/[^.]{{1,40}})?", "photographers"),
    (
        r"(?:(?:first |last )?(?:published|updated|posted|created|modified) ?:? ?(?:on |at )?)?"
        rf"(?:{DATE}|{TIME})(?:[ ,|·–-]{{1,3}}(?:at |on )?(?:{DATE}|{TIME})){{0,3}} ?[-–|·]*",
        "dates",
    ),
    (r"(?:first |last )?(?:published|updated|modified) ?: [^.]{0,30}\d{4}[^.]{0,100}", "dates"),
    (rf"[^.,:;!?\"“]{{2,50}}[,|·–-] ?{DATE}", "outlet and date"),
    (r"\([^()]{2,60}/ ?[^()]{2,60}\)", "credits in brackets"),
    (r"(?:©|\(c\) |copyright ?(?:©|\(c\)|\d{4}|by\b)).*", "copyright"),
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
    (r"(?:tags?|topics?|keywords?|filed under|categories|posted in) ?:.{1,250}", "tags"),
    (r"(?:#\w+[\s,]*)+", "tags"),
    (rf"{NAV}(?:[\s|/·•»›>,]+{NAV})* ?[»›>→]*", "navigation words"),
    (r"[^.!?|›»•·>]{1,40}(?:[|›»•·>][^.!?|›»•·>]{1,40}){2,}", "trails: 'Home | World | Europe'"),
    (
        r"(?:(?:leave|post|write|add) a (?:comment|reply)|be the first to comment|"
        r"comments are closed|(?:join|start) the (?:conversation|discussion)).{0,60}",
        "comment boxes",
    ),
    (rf"(?:view|show|hide|read|load) (?:all |the )?(?:{COUNT} )?(?:comments|replies)", "comments"),
    (r"(?:https?://|www\.)\S+|\S+@\S+\.[a-z]{2,}|@\w{2,30}", "addresses and handles"),
)

# Credits keep their capitals: "By Anna Berg in Riga", but not "By then it was too late".
_NAME = r"(?:[A-Z][\w.'’-]*|de|van|von|der|al|bin|la)"
NAMES = rf"{_NAME}(?: {_NAME}){{0,4}}"
_WORD = (
    r"(?:[A-Z][\w.'’-]*|in|at|for|and|with|from|of|the|by|our|staff|desk|bureaus?|newsrooms?|"
    r"reporting|editing|writing|additional)"
)
CREDITS = (
    rf"(?:By|BY) {NAMES}(?:(?:,| and| AND|, and| \||,? in| for| FOR| of| at| -| –) {NAMES}){{0,4}}"
    r"(?:, [\w’' -]{3,60}(?:editor|correspondent|reporter|writer|analyst))?",
    rf"by {NAMES}(?: and {NAMES})?|(?:By|BY|by) {NAMES} \S+@\S+",
    rf"{NAMES} ?/ ?{NAMES}|Reporting from {NAMES}",
    r"(?:Image|Photo|Picture) ?[—–:-] .{10,250}",
    rf"(?:(?:Produced|Hosted|Presented|Mixed|Edited|Music|Sound|Photography|Photographs|Photos|Illustrations?|Graphics|"
    rf"Translation|Text|Words|Story|Interview|Video|Maps?)(?: by| ?:) {NAMES}(?: and {NAMES})?[.,;|/&]* ?){{1,6}}",
    rf"(?:By|BY|From) (?:our|Our|a) [\w' -]{{0,30}}(?:desk|correspondents?|reporters?|staff|team)"
    rf"(?:,? in {NAMES})?",
    r"\(?(?:Additional r|R)eporting by [^.;!?\"“]{1,100}; ?(?:[Ww]riting|[Ee]diting) by "
    r"[^.]{1,80}\.?\)?",
    r"\(?(?:Additional reporting|Reporting|Writing|Editing|Written|Edited|Translated|Compiled) by "
    rf"{_WORD}(?:[,;:/&() ]+{_WORD})*[.)]*",
)
