"""Rules that several tests of the command use."""

RULES = """version: 1
internal_domains: [contoso.com]
rules:
  - id: opted-out
    mode: enforce
    when: {subject: "[no link]"}
    action: skip
    tests:
      - {name: marked in the subject, event: {subject: "Lunch [no link]"}, expect: skip}

  - id: external
    mode: report
    when: {external_attendees: {at_least: 1}}
    unless: {any: [{has_room: true}, {sensitivity: [private, confidential]}]}
    tests:
      - name: a customer call
        event: {attendees: [bo@fabrikam.com], duration: 30m}
        expect: enable


      - name: not in the boardroom
        event: {attendees: [bo@fabrikam.com], rooms: [boardroom]}
        expect: enable  # wrong

  - {id: later, mode: off, when: {}}
"""
