//! Entra's protocol: the authorization request, the token requests, who signed in, and the error body. Knows no store.
