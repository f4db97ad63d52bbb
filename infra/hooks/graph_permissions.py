"""The application permissions of Microsoft Graph that Joinlink may need, with the ids of their app roles.

https://learn.microsoft.com/graph/permissions-reference
"""

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"

APP_ROLES = {
    "Calendars.Read": "798ee544-9d2d-430c-a058-570e29e34338",
    "Calendars.ReadWrite": "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "MailboxSettings.Read": "40f97065-369a-49f4-947c-6a255697ae91",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
}
#: what Exchange can grant for some mailboxes, with RBAC for Applications
MAILBOX_PERMISSIONS = ("Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read")
