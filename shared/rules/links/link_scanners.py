"""Link scanners whose links hide the target, and proxies that append a domain to the target's host.

Scanners whose links contain the target, such as Safe Links, need no row: `wrapped_links` decodes them.
"""

from shared.rules.links.join_services import Service

# fmt: off
#: Link scanners that replace the target with an id that only they can resolve. Some add the target's host.
SCANNERS = (
    Service("Mimecast", "mimecast.com mimecastprotect.com mimecast.co.za", r"/[sr]/", "https://protect-eu.mimecast.com/s/AbC?domain=zoom.us",
            "https://www.mimecast.com/products", source="https://community.mimecast.com"),
    Service("INKY", "inky.com", r"/link", "https://shared.outlook.inky.com/link?domain=zoom.us&t=h.eJx", "https://www.inky.com/blog",
            source="https://support.inky.com"),
    Service("Proofpoint Essentials", "emailprotection.link", r"/", "https://url.emailprotection.link/?bAbC~", "https://www.proofpoint.com/",
            source="https://help.proofpoint.com/Proofpoint_Essentials"),
    Service("Hornetsecurity", "hornetsecurity.com cloud-security.net", r"/?\?", "https://seclinks.cloud-security.net/?d=AbC", "https://www.hornetsecurity.com/en",
            source="https://support.hornetsecurity.com"),
    Service("Check Point", "url-protection.com checkpoint.com avanan.click", r"/v[0-9]/r[0-9]+/", "https://protect.checkpoint.com/v2/r01/___jwwru.AbC",
            "https://www.checkpoint.com/v2", source="https://sc1.checkpoint.com/documents/Harmony_Email_and_Collaboration"),
    Service("Darktrace", "antigena.com", r"/l/", "https://us01.l.antigena.com/l/AbC", "https://antigena.com/", source="https://darktrace.com"),
    Service("Egress", "egress.com", r"/(?:check|link)\b", "https://us1.defend.egress.com/Check?crId=1", "https://www.egress.com/blog",
            source="https://support.egress.com"),
)
# fmt: on
#: Domains that sign-in proxies append to a host: Defender for Cloud Apps, Netskope, Bitglass.
#: https://learn.microsoft.com/defender-cloud-apps/proxy-intro-aad
PROXIES = (
    b".access.mcas.ms",
    b".mcas.ms",
    b".us2.cas.ms",
    b".us3.cas.ms",
    b".us.cas.ms",
    b".eu2.cas.ms",
    b".eu.cas.ms",
    b".mcas-gov.us",
    b".mcas-gov.ms",
    b".admin-mcas.ms",
    b".admin-mcas-gov.us",
    b".admin-mcas-gov.ms",
    b".btglss.net",
    b".eu.rproxy.goskope.com",
    b".us.rproxy.goskope.com",
    b".de.rproxy.goskope.com",
)  # fmt: skip
