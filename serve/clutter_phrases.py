"""The rules of `clutter` that know a line by a phrase within it: words, the pattern, what it is for.

One of the words must be in the line, in lower case. They are looked for first: a search for a word is fast, a pattern
that begins with anything is not.
"""

from communique.serve.clutter_credits import NAMES

# Clutter wherever it stands; in any case.
PHRASES = (
    ("rights reserved", r"[^.!?]{0,60}[.!?]?[^.!?]{0,60}\ball rights reserved\b.*", "copyright"),
    ("rights reserved", r"(?:reporting|writing|editing) by [^\"“]{1,120}\ball rights reserved\b.*", "credits"),
    ("©", r"[^.!?\"“]{0,60}©.*", "copyright"),
    ("donate", r"[^.!?]{0,60}\bdonate (?:from|now|today|here)\b[^.]{0,40}", "donations"),
    ("inbox", r"[^.,]{0,90} (?:delivered|straight|sent|direct(?:ly)?) to your inbox\b.{0,60}", "newsletters"),
    ("newsletter", r"[^.,:]{1,40} newsletters?", "newsletters"),
    ("up here", r".{0,200}\b(?:sign|signing) up here ?[.!]?", "sign-up boxes"),
    ("cookies", r"[^.]{0,60}\b(?:we|site|website)(?: and our partners)? use(?:s)? cookies\b.*", "cookies"),
    ("sent", r".{0,40}\ban? (?:confirmation )?e-?mail (?:has been|was|will be) sent\b.{0,100}", "forms"),
    ("in this browser", r".{0,80}\bin this browser\b.{0,60}", "forms"),
    (
        "scribers",
        r"[^\"“]{0,120}\b(?:is|are) (?:only )?(?:for|reserved for|available to|visible to) (?:our )?"
        r"(?:(?:paid|paying|registered|premium) )?subscribers(?: only)?[.!]?",
        "paywalls",
    ),
    (" code ", r".{0,120}\buse (?:promo )?code [a-z0-9]+\b.*", "advertisements"),
    ("terms apply", r".{0,120}\bterms apply\b.{0,80}", "advertisements"),
    ("t&cs", r".{0,120}\bt&cs apply\b.{0,80}", "advertisements"),
    ("gambl", r".{0,120}\b(?:gamble responsibly|begambleaware)\b.{0,80}", "advertisements"),
    (" more", r"[^\"“]{1,200}[.!?] (?:learn|find out) more[.!»]?", "advertisements"),
    ("have your say", r".{0,60}\bhave your say\b.{0,40}", "comments"),
    ("your podcasts", r".{0,80}\bwherever you get your podcasts\b.{0,40}", "podcasts"),
    (
        "@",
        r"[^\"“]{0,120}\b(?:contact|reach|e-?mail|write to|tips?|send)\b[^\"“]{0,60} \S+@\S+\.[a-z]{2,}.{0,80}",
        "contacts",
    ),
    ("be reached", r"[^\"“.]{2,60} can be reached (?:at|on|by) .{1,80}", "contacts"),
    ("contributed", r"[^.]{3,160}\bcontributed (?:reporting|to this (?:report|story|article))\.?", "notices"),
    (
        "photo|image|picture|credit:|source:",
        r".{0,250}[(\[](?:(?:(?:ap|file|reuters|afp|handout) )?(?:photo|image|picture)s?\b|credit:|source:)"
        r"[^)\]]{0,120}[)\]]\.?",
        "captions with a credit in brackets",
    ),
    (
        "photo|image|picture|credit",
        r".{10,250}[.…] ?(?:photo(?:graph)?|image|picture|credit)(?: credit)?(?: ?:|[.…]+) ?[^.!?\"“]{2,80}\.?",
        "captions with a credit at their end",
    ),
)

# What an article's end says of its author and of the paper, and boxes amid an article say of the site: clutter only
# where an article begins or ends, or amid other clutter.
_TITLE = r"(?:[Tt]he (?:author|writer)|M(?:r|s|rs)\.? \w+)"
_ROLE = (
    r"\b(?:reporter|correspondent|journalist|columnist|fellow|researcher|analyst|editor|professor|lecturer|author|"
    r"writer|diplomat|ambassador|director|freelancer?)\b"
)
NOTES = (
    (
        " is | was ",
        rf"(?:{NAMES}|{_TITLE})(?:, [^,\"“]{{2,60}},)? (?:is|was) "
        rf"(?:an? |the |our )?[^.!?\"“]{{0,120}}{_ROLE}.{{0,160}}",
        "the author's life",
    ),
    ("author|writer|mr|ms", rf"{_TITLE} (?:teaches|edits|writes|has written|works)\b.{{0,200}}", "the author's life"),
    ("reported from", rf"{NAMES} reported from [^.!?\"“]{{2,80}}\.", "credits"),
    (
        "our |your ",
        r"[^\"“]*\b(?:[Oo]ur (?:newsletters?|e-?mails?|readers|subscribers|privacy|website|app|comments?|rules)|"
        r"[Yy]our (?:subscription|inbox|privacy|account|e-?mails?|details|data|device|browser))\b[^\"“]*",
        "the paper and its readers",
    ),
    (
        "opinion|view",
        r"(?:All |The )?(?:[Oo]pinion|[Vv]iew)s(?: expressed)?(?: here)? are (?:those of|personal|his|her|their)\b.*",
        "the author's own opinion",
    ),
    ("printed", r"This (?:article|story|post|essay) (?:was|is|has been) printed\b.*", "the printed paper"),
    ("@", r".*\S@\S+\.[a-z]{2,}.*", "addresses"),
    (
        "whatsapp|telegram|viber",
        r"(?=.*(?:!|\b(?:today|now|our|miss)\b))[^\"“]*\b(?:[Jj]oin|[Ff]ollow)\b[^\"“]*",
        "channels",
    ),
)
