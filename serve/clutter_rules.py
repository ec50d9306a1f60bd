"""The rules of `clutter` by how a line begins: patterns of what pages repeat, each with what it is for.

A pattern must match the whole line, in any case, and is for what no reporter could have written: a lost paragraph
costs more than a kept button. Alternatives inside a repetition never begin alike, or the repetition is possessive, so
that no line can make the matching slow; one that begins with anything goes to `clutter_phrases`, which looks for a
word of it first.
"""

from communique.serve.clutter_words import COUNT, DATE, DAY, MONTH, PERIOD, SITE, STORIES, TIME, WEEKDAY

# Headings of lists: the headlines that follow one are clutter as well.
LIST_HEADERS = (
    rf"(?:related|recommended|popular|trending|sponsored|other|latest|top|more)(?: {STORIES})+"
    r" ?:?",
    r"(?:related|recommended|recommended for you|popular|trending|trending now|topics?|tags?) ?:?",
    r"most (?:read|popular|viewed|watched|shared|recent) ?:?",
    r"(?:read|up|watch|what to read) next ?:?|(?:keep|continue) reading",
    r"(?:also read|read also|see also|also in this section|in this (?:article|story)) ?:?",
    r"you (?:may|might)(?: also)? (?:like|be interested in|have missed) ?:?",
    r"more (?:from|on|about) [^.!?:]{1,60}:?",
    r"editor['’]?s['’]? (?:picks?|choice)|don['’]t miss ?:?|in case you missed it ?:?",
    r"(?:from )?around the web|from the web|paid content",
    r"read more (?:from|on|about) [^.!?:]{1,60}",
    r"(?:also read|read also) from [^.!?]{1,40}|more on ?:?|read this next",
    r"(?:suggested|explore more on these) topics ?:?|(?:previous|next) (?:post|article|story)",
    r"(?:table of )?contents ?:?|timestamps ?:?|chapters ?:?|show notes ?:?|match stats",
    r"top comments|(?:latest|top|all) (?:headlines|videos)",
)

# What follows an article: comments, its author's life, its sources, the next article.
END_HEADERS = (
    rf"(?:{COUNT} )?(?:comments?|replies)(?: ?\(\d+\))?|(?:top|all|add|view) comments?",
    r"(?:leave|post|add|write) a (?:comment|reply)\b.{0,40}|(?:join|start) the (?:conversation|discussion)",
    r"about the authors?|(?:notes|references|sources|footnotes|bibliography) ?:?",
    r"(?:previous|next) (?:post|article|story)|(?:tags?|keywords|filed under|categories)(?: ?:.*)?",
    r"(?:©|copyright)\b.*\d{4}.*",
)

PATTERNS = (
    (r"[\W_]+", "no letter or digit: '-', '* * *'"),
    (rf"{COUNT}\d* ?[-–]?", "counters: '148K75 -'"),
    (r"\d{1,2}(?::\d\d){1,2}(?: ?/ ?\d{1,2}(?::\d\d){1,2})?", "durations"),
    (
        rf"{COUNT} ?(?:watching|views?|viewers?|comments?|shares?|likes?|followers?|subscribers?|"
        r"reads?|replies|retweets|reactions?|votes?)(?: now)? ?[-–·|]?",
        "audience counters: '855 watching -'",
    ),
    (r"live|dvr|hd|replay|premiere|breaking(?: news)?|exclusive|watch(?: live| now)?|ad", "badges"),
    (r"premium(?: only)?(?: content)?|members only|subscribers?[- ]only", "paywall badges"),
    (rf"(?:posted |updated )?(?:\d+|an?) {PERIOD} ago(?: ?[-–·|])?", "ages: '14 hours ago'"),
    (rf"(?:published |posted |updated )?\d{{1,2}} ?[smhdw] ago(?: {TIME})?", "ages: '2h ago'"),
    (rf"(?:published|posted) \d+ {PERIOD} ago", "ages"),
    (rf"\d+ {PERIOD} ago(?:[\w\"“'‘#\[(]| [-–·|] ).{{0,200}}", "ages glued to a headline"),
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
    (r"(?:story|article|content) continues (?:below|after).{0,60}", "directions"),
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
        rf"(?: (?:on|via|with) {SITE}.{{0,40}})? ?:?",
        "share buttons",
    ),
    (rf"(?:(?:share|{SITE}|e-?mail|print|copy link|more)\b[\s,|/·•]*)+", "share bars"),
    (rf"(?:follow|like|join|find) (?:us|me|@\w+|[^.]{{1,50}}) on {SITE}\b.{{0,80}}", "follow us"),
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
    (r"support (?:our|independent|quality) (?:work|journalism|reporting)\b.{0,120}", "donations"),
    (
        r"this (?:article|content|story|video) is (?:only )?(?:for|available to|reserved for) "
        r"(?:our )?(?:\w+ )?(?:subscribers|members)\b.{0,60}",
        "paywalls",
    ),
    (r"(?:get|receive) [^.,]{0,120}(?:your inbox|by e-?mail|newsletter)\b.{0,80}", "newsletters"),
    (r"(?:you can )?unsubscribe(?: at any ?time)?.{0,40}", "newsletters"),
    (r"thank(?:s| you) for (?:subscribing|signing up|reading)\b.{0,60}", "newsletters"),
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
    # Forms, settings and services of a page
    (r"aa|auto-?(?:updates?|play|refresh)(?: ?: ?(?:on|off))?|(?:table of )?contents", "settings"),
    (r"(?:sort(?:ed)?(?: by)? ?: ?.{1,40}|(?:newest|oldest|best|highest rated|most recent)(?: first)?)", "sorting"),
    (
        r"(?:kindly |please )?share (?:(?:or comment on )?(?:this|the) "
        r"(?:article|story|post|page|publication|video|link)\b(?: ?:.{0,120})?|your (?:thoughts|opinion|story)[.!]?)",
        "share buttons",
    ),
    (r"(?:play|bet|shop|book|order|call|vote|enter|watch|listen|log ?in|get it) now ?[!.]?", "buttons"),
    (
        r"(?:hide|toggle|show|expand|view) (?:caption|more options|options)",
        "buttons",
    ),
    (
        r"toggle [\w ]{2,30}|add to (?:cart|basket|bag|wishlist)|[€$£] ?\d+(?:[.,]\d\d)?",
        "buttons, prices",
    ),
    (
        r"(?:invalid|your|enter your|enter an?) e-?mail(?: address)?[.!]?|i['’]m not a robot|please enter your .{1,60}",
        "forms",
    ),
    (r"(?:upgrade|subscribe) to (?:paid|premium|read|continue)\b.{0,60}|a guest post by", "paywalls"),
    (r"you(?:['’]re| are) (?:currently )?an? (?:\w+ )?(?:subscriber|member|reader) (?:to|of) .{1,160}", "paywalls"),
    (r"you(?:['’]re| are) (?:receiving|getting) this (?:e-?mail|newsletter|message)\b.*", "newsletters"),
    (
        r"(?:view|open|read) (?:this (?:e-?mail|newsletter) )?in (?:your )?browser|(?:update|manage) your .{1,60}",
        "newsletters",
    ),
    (
        r"thank(?:s| you) for (?:reading|subscribing)\b.{0,200}|(?:having )?trouble (?:viewing|reading) this.{0,60}",
        "newsletters",
    ),
    (
        r"(?:in partnership with|presented by|brought to you by|sponsored by|a (?:message|word) from) .{1,60}",
        "sponsors",
    ),
    (r"(?:got|have|do you have) (?:an? |any )?(?:news |confidential )?(?:tips?|stor(?:y|ies))\b.{0,30}\?.*", "tips"),
    (
        r"(?:enjoyed|liked?|love) (?:this|what you)\b.{0,60}\?|"
        r"(?:was this|did you find this)\b.{0,60}\b(?:helpful|useful)\?",
        "polls",
    ),
    (
        r"(?:does|is) this (?:summary|article|page|story) (?:seem|correct|helpful|useful|wrong)\b.{0,30}\?|"
        r"rate (?:it|this)",
        "polls",
    ),
    (r"follow us(?: ?: ?.{1,80})?|(?:keep up to date|stay up to date|stay informed)(?: with us)?", "follow us"),
    (
        r"letters (?:to the editor )?(?:can|may|should|must) (?:be (?:sent|e-?mailed)|include|carry)\b.{0,160}",
        "letters",
    ),
    (
        rf"(?:read|lire|leer|lesen) (?:this (?:article|story) )?(?:in|en|auf) \w{{4,12}}|{COUNT} (?:sources|articles)",
        "services",
    ),
    (r"download\b[^.!?]{0,40}(?:\((?:pdf|word|epub)[^)]*\)|pdf|brief|report|paper)|\[\d{1,3}\] .+", "downloads, notes"),
    (r"(?:</?[a-z][a-z0-9]*(?: [^<>]*+)?>[^<>.!?]{0,40})+", "markup with next to no words"),
    (r"[\w ]{0,20}[+-]?\d{1,2} ?°[cf]?(?: [\w ,]{1,20})?", "weather"),
    (rf"(?:on )?(?:{WEEKDAY},? )?(?:{DAY} {MONTH}|{MONTH} {DAY})(?:,? \d{{4}})?", "dates"),
    (
        rf"(?=\D{{0,30}}\d)(?:(?:published|updated|posted|modified|created|last|first|on|at|and|{DATE}|{TIME}|"
        r"\([a-z .]{2,14}\)|[a-z]{2,4}t|utc)[ ,|·:–-]*+)++",
        "dates",
    ),
    (r"(?:[\w&'’-]+ ){0,4}(?:correspondent|reporter|fellow|columnist|staff writer)(?:, [^.!?\"“]{2,50})?", "authors"),
    (r"to (?:sign up|subscribe) (?:to|for) our\b.{0,150}|(?:enter )?your e-?mail(?: address)?.{0,40}", "sign-up boxes"),
    (r"(?:add|post|send|write) (?:a |your )?comment|reuse this content|why am i seeing this.{0,30}", "comments"),
    (r"this account is in use\b.*|rate and review.{0,30}|get directions|map data\b.{0,40}", "services"),
    (r"sponsors?(?: messages?)?(?: ?:.{1,160})?|become a sponsor|18\+.{0,60}", "sponsors"),
    (r"(?:most (?:read|viewed|popular)|trending|suggested|recommended)\b[^:]{0,30}: .{1,280}", "lists of headlines"),
    (r"(?:you (?:may|might)(?: also)? (?:like|be interested in)|more topics|in the same section) ?: .{1,280}", "lists"),
    (r"advertisement ?[:.—–-].*|newsletter ?:.*|(?:press|media) contact\b.*:.*", "advertisements, contacts"),
    (r"found an? (?:mistake|error|typo)\b.*|for (?:media|press) (?:enquiries|inquiries),? .*", "contacts"),
)
