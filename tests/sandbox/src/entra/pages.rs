//! The pages of the login host. Every one says SANDBOX, works without scripts, and can be used by keyboard and screen
//! reader. The `name`s of the fields are Microsoft's.

use crate::world::default;

/// Text made safe for HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"none\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{title} – SANDBOX</title>\n<style>\n\
         body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #eef1f5; color: #1b1b1b }}\n\
         h1 {{ font-size: 1.5rem; line-height: 1.3; margin-top: 0 }}\n\
         .banner {{ margin: 0; background: #8a1538; color: #fff; padding: .5rem 1rem; font-weight: 600; text-align: center }}\n\
         main {{ max-width: 26rem; margin: 2rem auto; padding: 1.5rem 2rem; background: #fff; box-shadow: 0 2px 6px rgb(0 0 0 / .2) }}\n\
         label {{ display: block; font-weight: 600 }}\n\
         input:not([type=hidden]) {{ width: 100%; box-sizing: border-box; font: inherit; padding: .4rem; margin: .25rem 0 1rem }}\n\
         button {{ font: inherit; padding: .4rem 1.4rem; margin-right: .5rem }}\n\
         [role=alert] {{ color: #a4262c; font-weight: 600 }}\n\
         .hint {{ color: #555; font-size: .875rem }}\n</style>\n</head>\n<body>\n\
         <p class=\"banner\">SANDBOX – not Microsoft. Do not enter real credentials.</p>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n",
        title = escape(title),
    )
}

fn form(realm: &str, ctx: &str, step: &str, inner: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/{realm}/login\" autocomplete=\"off\">\n<input type=\"hidden\" name=\"ctx\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"step\" value=\"{step}\">\n{inner}\n</form>",
        escape(ctx),
        realm = escape(realm),
    )
}

fn alert(complaint: Option<&str>) -> String {
    complaint
        .map(|text| format!("<p role=\"alert\" id=\"complaint\">{}</p>\n", escape(text)))
        .unwrap_or_default()
}

/// Ties an input to the complaint about it, for screen readers.
fn blamed(complaint: Option<&str>) -> &'static str {
    if complaint.is_some() {
        " aria-invalid=\"true\" aria-describedby=\"complaint\""
    } else {
        ""
    }
}

/// What a person who tries the sandbox may type.
fn hint(text: &str) -> String {
    format!("<p class=\"hint\">{}</p>\n", escape(text))
}

fn cancel(realm: &str, ctx: &str) -> String {
    form(realm, ctx, "cancel", "<p><button type=\"submit\">Cancel</button></p>")
}

/// Asks for the address.
pub fn address(realm: &str, ctx: &str, app: &str, suggested: Option<&str>, complaint: Option<&str>) -> String {
    let inner = format!(
        "{}<label for=\"loginfmt\">Email or phone</label>\n<input id=\"loginfmt\" name=\"loginfmt\" type=\"text\" \
         autocomplete=\"username\" inputmode=\"email\" value=\"{}\" autofocus required{}>\n{}<button type=\"submit\">Next</button>",
        alert(complaint),
        escape(suggested.unwrap_or_default()),
        blamed(complaint),
        hint(&format!("The sandbox’s default user is {}", default::USER)),
    );
    let body = format!(
        "<p>to continue to <strong>{}</strong></p>\n{}\n{}",
        escape(app),
        form(realm, ctx, "address", &inner),
        cancel(realm, ctx)
    );
    frame("Sign in", &body)
}

/// Lets a signed-in person pick the account or another one.
pub fn accounts(realm: &str, ctx: &str, app: &str, known: &str) -> String {
    let tile = format!(
        "<input type=\"hidden\" name=\"loginfmt\" value=\"{known}\">\n<p><button type=\"submit\">{known}</button></p>",
        known = escape(known)
    );
    let other = form(
        realm,
        ctx,
        "other",
        "<p><button type=\"submit\">Use another account</button></p>",
    );
    let body = format!(
        "<p>to continue to <strong>{}</strong></p>\n{}\n{other}",
        escape(app),
        form(realm, ctx, "address", &tile)
    );
    frame("Pick an account", &body)
}

/// Asks for the password.
pub fn password(realm: &str, ctx: &str, user: &str, complaint: Option<&str>) -> String {
    let inner = format!(
        "{}<input name=\"login\" type=\"text\" autocomplete=\"username\" value=\"{}\" hidden>\n<label for=\"passwd\">Password</label>\n<input id=\"passwd\" name=\"passwd\" type=\"password\" \
         autocomplete=\"current-password\" autofocus required{}>\n{}<button type=\"submit\">Sign in</button>",
        alert(complaint),
        escape(user),
        blamed(complaint),
        hint(&format!("The password of the sandbox’s users is {}", default::PASSWORD)),
    );
    let form = form(realm, ctx, "password", &inner);
    frame(
        "Enter password",
        &format!("<p>{}</p>\n{form}\n{}", escape(user), cancel(realm, ctx)),
    )
}

/// Asks for the second factor.
pub fn code(realm: &str, ctx: &str, user: &str, complaint: Option<&str>) -> String {
    let inner = format!(
        "{}<label for=\"otc\">Code from your authenticator app</label>\n<input id=\"otc\" name=\"otc\" type=\"text\" \
         inputmode=\"numeric\" autocomplete=\"one-time-code\" autofocus required{}>\n{}<button type=\"submit\">Verify</button>",
        alert(complaint),
        blamed(complaint),
        hint(&format!("The code of the sandbox’s default user is {}", default::MFA)),
    );
    let form = form(realm, ctx, "code", &inner);
    frame(
        "Enter code",
        &format!("<p>{}</p>\n{form}\n{}", escape(user), cancel(realm, ctx)),
    )
}

/// Asks for consent.
pub fn consent(realm: &str, ctx: &str, app: &str, user: &str, scopes: &[String], whole_organisation: bool) -> String {
    let list = scopes
        .iter()
        .map(|scope| format!("<li>{}</li>", escape(scope)))
        .collect::<Vec<_>>()
        .join("\n");
    let whom = if whole_organisation {
        "<p>This gives consent on behalf of your organization.</p>\n"
    } else {
        ""
    };
    let inner = "<button type=\"submit\" name=\"decision\" value=\"accept\" autofocus>Accept</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"decline\">Cancel</button>"
        .to_string();
    let body = format!(
        "<p>{}</p>\n<p><strong>{}</strong> would like to:</p>\n<ul id=\"scopes\">\n{list}</ul>\n{whom}{}",
        escape(user),
        escape(app),
        form(realm, ctx, "consent", &inner)
    );
    frame("Permissions requested", &body)
}

/// Says that an administrator is needed.
pub fn need_admin(realm: &str, ctx: &str, app: &str, user: &str) -> String {
    let body = format!(
        "<p>{}</p>\n<p role=\"alert\"><strong>{}</strong> needs permission to access resources in your organization that only an admin can grant. \
         Please ask an admin to grant permission to this app before you can use it.</p>\n<p>AADSTS90094</p>\n{}",
        escape(user),
        escape(app),
        form(
            realm,
            ctx,
            "admin",
            "<button type=\"submit\" name=\"decision\" value=\"return\">Return to the application without granting consent</button>"
        )
    );
    frame("Need admin approval", &body)
}

/// Hands the answer over by a cross-site POST.
pub fn form_post(target: &str, fields: &[(String, String)]) -> String {
    let inputs: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">\n",
                escape(name),
                escape(value)
            )
        })
        .collect();
    let inputs = inputs.concat();
    let body = format!(
        "<form method=\"post\" action=\"{}\" name=\"hiddenform\">\n{inputs}<p>Script is disabled. Click Submit to continue.</p>\n\
         <button type=\"submit\">Submit</button>\n</form>\n<script>document.forms[0].submit()</script>",
        escape(target)
    );
    frame("Working…", &body)
}

/// Shows a refusal that goes nowhere else.
pub fn error(text: &str) -> String {
    frame(
        "Sorry, but we’re having trouble signing you in.",
        &format!(
            "<p role=\"alert\" id=\"error\">{}</p>",
            escape(text).replace("\r\n", "<br>\n")
        ),
    )
}

/// Says that the person is signed out.
pub fn signed_out() -> String {
    frame(
        "You signed out of your account",
        "<p>It’s a good idea to close all browser windows.</p>",
    )
}

/// Nothing is here.
pub fn not_found() -> String {
    frame(
        "Page not found",
        "<p role=\"alert\">404 – there is nothing at this address.</p>",
    )
}
