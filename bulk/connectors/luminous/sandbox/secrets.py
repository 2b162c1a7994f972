"""What must never leave the program: every such text that the twin shows, so that a leak can be searched for.

Supplier records hold bank details (https://docs.joinluminous.com/api-reference/suppliers/update-a-supplier); channels
hold `credentials`, whose members are documented nowhere, and mappings that may hold some too.
"""

from typing import Final

SUPPLIER: Final = {
    "bank_name": "Hushed Savings Bank 7f31",
    "routing_number": "021-hushed-000089",
    "account_number": "0001-hushed-23456789",
    "swift_code": "HUSHUS33XXX",
    "account_holder": "Hushed Holder Ltd 7f31",
}
"""Bank details of every supplier."""

CREDENTIALS: Final = {
    "client_id": "hushed-client-51c2",
    "client_secret": "hushed-client-value-9d0e",
    "access_token": "hushed-access-4be7",
    "refresh_token": "hushed-refresh-a6f8",
    "password": "hushed-word-1c93",
}
"""`credentials` of every channel."""

ACCOUNT: Final = {"api_key": "hushed-account-key-e2d4", "webhook_secret": "hushed-webhook-77ab"}
"""Within the integration mappings of every channel."""

SECRETS: Final = (*SUPPLIER.values(), *CREDENTIALS.values(), *ACCOUNT.values())
"""Every one of them."""
