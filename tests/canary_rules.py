"""The rules that canaries are tried with."""

RULES = """
version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
rules:
  - id: trial
    mode: report
    when: {subject: "trial"}
    tests:
      - {name: a trial, event: {subject: trial}, expect: enable}
  - id: partners
    mode: enforce
    when: {attendee: {domain_in: [northwind.com]}}
  - id: external
    mode: enforce
    when: {external_attendees: {at_least: 1}}
    provider: {fallback: teamsForBusiness}
    limits: {per_hour: 5}
    tests:
      - {name: colleagues, event: {attendees: [bo]}, expect: skip}
      - {name: a customer, event: {attendees: [bo@fabrikam.com], start: "fri 15:00"}, expect: enable}
"""
