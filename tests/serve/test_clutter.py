"""Lines of a page: which are clutter by themselves, and which by their surroundings."""

import pytest

from communique.serve.clutter import find_clutter, is_clutter

SENTENCE = "The harbour reopened on Monday after eleven weeks, and the first ship to dock carried flour."
BIOGRAPHY = "Anna Berg is a senior fellow at the Lake Institute."


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        # A note counts as clutter at the ends of an article and amid clutter only.
        ([SENTENCE, BIOGRAPHY], [SENTENCE]),
        ([SENTENCE, BIOGRAPHY, SENTENCE], [SENTENCE, BIOGRAPHY, SENTENCE]),
        ([SENTENCE, "Share", BIOGRAPHY, "Share", SENTENCE], [SENTENCE, SENTENCE]),
        # Comments after the article, unless too much of it follows
        ([SENTENCE] * 5 + ["12 comments", "Never trust them. Simple."], [SENTENCE] * 5),
        ([SENTENCE, "12 comments", SENTENCE], [SENTENCE, SENTENCE]),
        # A live blog's entries without a full stop, and headlines between counters
        (
            [SENTENCE, "2h ago", "Women and children crossed at dawn in boats lent by fishermen", "1h ago", SENTENCE],
            [SENTENCE, "Women and children crossed at dawn in boats lent by fishermen", SENTENCE],
        ),
        ([SENTENCE, "2h ago", "Lake Radio All Day Stream", "12 watching", SENTENCE], [SENTENCE, SENTENCE]),
        # What stands between the last sentence and the first clutter is signed by somebody
        ([SENTENCE, "Liis Lind, Elva", "Share", "Bees return"], [SENTENCE, "Liis Lind, Elva"]),
        # A sentence and a heading that were joined by mistake are prose all the same.
        (["Related:", f"{SENTENCE}\nA heading", "Related:"], [f"{SENTENCE}\nA heading"]),
        ([], []),
    ],
)
def test_surroundings(page: list[str], kept: list[str]) -> None:
    assert [line for line, dropped in zip(page, find_clutter(page), strict=True) if not dropped] == kept


@pytest.mark.parametrize(
    "line",
    """-
* * *
LIVE
Premium Only Content
14 hours ago
3 hours agoHow to bake a cake that lasts
14 hours ago"They knew": the inside story
855 watching -
148K75 -
7.93K -
1:04:35
12,481 views
3 min read
Advertisement
ADVERTISEMENT - SCROLL TO CONTINUE
Story continues below
Skip to main content
Read more
Read more »
Read more: Bees return to the park
See also: “Nobody asked us”, by a baker
Share this article:
Facebook WhatsApp Email Print
Share on Facebook
Follow us on X
Join our Telegram channel
Subscribe to our newsletter
Sign up for our morning briefing
Enter your email address
By signing up you agree to our terms of use and privacy notice.
We use cookies to improve your experience. Accept all
Already a subscriber? Log in
This content is for subscribers only
Photo: Anna Berg / Lake Pictures
Smoke over the quay on Sunday. (AP Photo/Anna Berg)
Reuters
Anna Berg/AFP via Getty Images
By Anna Berg
By Anna Berg and Ivo Lind in Riga
(Reporting by Anna Berg in Riga; editing by Ivo Lind)
Additional reporting by Anna Berg
Anna Berg in Riga contributed to this report.
Tuesday 11 November 2025 · 4 min read
Published: October 22, 2025 at 6:12 pm | Updated: October 23, 2025
© 2025 The Lake Post. All rights reserved.
Tags: lake, ferry, flour
2h ago 09.12
Aa
Sort by: newest
Top comments
Kindly share this story:
To sign up for our newsletters, enter your email address below
You're currently a free subscriber to The Lake Letter. Upgrade for more.
Update your preferences or unsubscribe
A message from Lakebank
Rates have never been lower. Learn more.
T&Cs apply. 18+. Please gamble responsibly
A ferry at the quay on Sunday. Photograph: Anna Berg/The Lake Post
Image — The quay at dawn. Photo: Anna Berg
Anna Berg/Lake Pictures
Reporting by our Riga bureau; editing by A. Berg. © All rights reserved
Produced by Anna Berg. Music by Ivo Lind.
by Anna Berg
Monday 14th July 2025
18°C Riga
[2] Interview with a pilot, Riga, March 2025.
Have a tip? Write to tips@example.org or call us
Most read: 1. Bees return 2. Who pays?
Bees return | Who pays for the park? | Ferry sails again
LIVE · Updated 6m ago · 2,114 reading now
#lake #ferry
Home | World | Europe
Home > World > Lakes
Home News Sport Weather
Privacy Policy
Related:
Most read
You may also like
Leave a comment
238 comments
https://example.org/story
editor@example.org""".split("\n"),
)
def test_clutter(line: str) -> None:
    assert is_clutter(line)


@pytest.mark.parametrize(
    "line",
    """"We must learn," she added.
“Read more history,” he said.
"No."
'Share the burden' was the motto.
Kyiv waited.
No deal was signed.
The ministry declined to comment.
What happens next
Who will guard the road?
Fourteen hours ago the shelling stopped.
14 hours ago, the last convoy crossed the bridge.
A year ago the war seemed far away.
By then it was too late.
By Monday the troops had left Riga.
By all accounts, Berg kept her word.
Read the treaty again and the promise is plain.
Share prices fell in London on Monday.
Follow the money and you will find the generals.
Sign up to the treaty or face sanctions, the envoy told them.
Subscribers to the theory that guns bring peace were few.
Related to this is the question of guarantees.
More from Washington is expected this week.
Live fire was heard across the river.
Source close to the talks: no ceasefire before spring, he said.
Video of the attack shows two men running towards the bridge.
Photographs of the missing hang in the station.
Copyright law is no reason to delay the treaty.
Reporting by the agency showed that the troops had stayed.
Updated rules of engagement allow the peacekeepers to fire.
Germany has contributed to the mission since 2006.
Cookies and tea were served as the generals argued.
World leaders meet in Paris.
Home at last, the soldiers wept.
Comment was not available from the palace.
On 12 March 2025 the truce was signed.
14:02 | Shelling has eased, residents say.
14:02 · Doha · The two ministers walked in through different doors.
The quay burned. Pictures by residents show a crater.
Show of force
The quay, whose walls are gone, is theirs. © 2025. All rights reserved.
In 2025, 14 articles of the treaty were amended.
This article of the treaty was never applied.
Our readers deserve an answer.
Anna Berg is a reporter who was held for two years.
On Monday, 14 July, the truce ended.
Vote now, the speaker begged them, or lose the truce.
A reporter was hurt.
Image is all that the general cares about.
Post offices reopened on both banks.
Sponsors of the truce met in Doha.
The sponsors: Qatar, Egypt and Norway.
Topics ranged from guarantees to grain.
Support for the mission is falling.
Get out, the crowd shouted, and the newsletter of the union printed it.""".split("\n"),
)
def test_article_lines_are_kept(line: str) -> None:
    assert not is_clutter(line)
