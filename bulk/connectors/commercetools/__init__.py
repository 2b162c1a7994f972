"""commercetools: channels."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr


class CommercetoolsSettings(BaseModel):
    """How to reach a project, under the names that its users know."""

    project_key: Annotated[str | None, Field(description="Key of the project")] = None
    client_id: Annotated[str | None, Field(description="Id of the API client")] = None
    client_secret: Annotated[SecretStr | None, Field(description="Secret of the API client")] = None
    auth_url: Annotated[str | None, Field(description="Address of the authorization server")] = None
    api_url: Annotated[str | None, Field(description="Address of the API")] = None
    scopes: Annotated[str | None, Field(description="Scopes to ask for; all of the client's if left out")] = None
