"""The words of the clutter rules, as pieces of patterns: dates, counts, agencies, sites, navigation."""

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    rf"(?:(?:{WEEKDAY},? )?(?:{DAY} {MONTH},? \d{{4}}|{MONTH} {DAY},? \d{{4}})"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
)
TIME = r"\d{1,2}[:.]\d\d(?::\d\d)? ?(?:[ap]\.?m\.?)? ?(?:\(?[a-z]{2,4}\b\)?)?"
PERIOD = r"(?:sec(?:ond)?|min(?:ute)?|hr|hour|day|week|month|year)s?"
COUNT = r"[\d.,]+ ?[kmb]?"
AGENCY = (
    r"(?:ap|afp|reuters|epa|efe|dpa|tass|ukrinform|bloomberg|anadolu|xinhua|getty(?: images)?|"
    r"shutterstock|istock|alamy|(?:associated )?press(?: association)?)"
)
SITE = (
    r"(?:facebook|twitter|x|whatsapp|telegram|linkedin|reddit|instagram|youtube|tiktok|threads|"
    r"bluesky|mastodon|messenger|flipboard|pocket|pinterest|viber|google news|apple news|"
    r"apple podcasts|google podcasts|spotify|rss feed)"
)
NAV = (
    r"(?:home|news|world|europe|asia|africa|americas|middle east|politics|business|economy|markets|"
    r"sports?|opinion|editorial|culture|arts|lifestyle|style|travel|tech|technology|science|health|"
    r"climate|education|entertainment|weather|jobs|videos?|photos?|pictures|gallery|audio|podcasts?|"
    r"newsletters?|live|tv|shop|menu|search|close|open|next|previous|back|(?:back to )?top|contact|"
    r"about|contact us|about us|advertise|advertise with us|careers|help|faqs?|log ?in|log ?out|"
    r"sign ?in|sign ?up|sign ?out|register|subscribe|donate|settings|my account|archives?|e-?paper|"
    r"sitemap|rss|accessibility|more|comments?|reply|report|saved?|bookmark|print|e-?mail|share|"
    r"tweet|like|copy link|link copied!?|follow(?:ing)?|listen|play|pause|mute|unmute|fullscreen|"
    r"transcript|loading|shares|likes|latest|hot|viral|showbiz|celebs?|horoscopes?|puzzles|obituaries|"
    r"classifieds|notices|jobs|fixtures|tables|scores|standings|columns|research|publications|regions|"
    r"international|download|embed|image|pinned|restack|post|email address|"
    r"(?:privacy|cookies?)(?: policy| notice| preferences)?|"
    r"terms(?: of use| of service| (?:and|&) conditions)?|legal|imprint)"
)
STORIES = r"(?:articles?|stories|story|content|topics?|news|coverage|posts?|reading|videos?)"
