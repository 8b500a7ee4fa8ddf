"""Where people and Gradio's client log in and out, and what whoever has not logged in is told."""

from importlib.resources import files
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ui.server.auth.login import DAYS, Credentials

# A form would be refused: as pages tell no referrer, browsers send "Origin: null" with one.
_LOG_OUT = """<!doctype html><html lang="en"><title>Pincite: log out</title>
<button onclick="fetch('logout', {method: 'POST'}).then(() => location.replace('./'))">Log out</button> in every browser
</html>"""
_ENDED = "Your login has ended. Log in again, and the page is as you left it."
_OUTSIDE = "Log in where you log in to everything: here, nobody has a password."


def refusal(known: Credentials, request: HTTPConnection) -> Response:
    """Ask for user and password: browsers with a form, which says so where a login has ended, and programs in words."""
    looks = request.scope["method"] == "GET" and "text/html" in request.headers.get("accept", "")
    if not known.has_passwords():
        return PlainTextResponse(f"{_OUTSIDE}\n", 401)
    if not looks:
        said = "Log in first: at /login, or with a token (Bearer), or with user and password (HTTP Basic)."
        return PlainTextResponse(f"{said}\n", 401)
    ended = _ENDED if known.cookie in request.cookies else ""
    return HTMLResponse((files("ui") / "assets" / "login.html").read_text("utf-8").replace("<!--ended-->", ended), 401)


def login_routes(known: Credentials) -> list[Route]:
    """Return where people and Gradio's client log in, see who they are, and log out."""

    async def show(request: Request) -> Response:
        who = await known.admits(request)
        if not who:
            return refusal(known, request)
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("./", 303)
        return JSONResponse(
            {"person": who, "session": who == f"user {known.holder(request.cookies.get(known.cookie, ''))}"}
        )

    async def log_in(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("utf-8", "replace"))
        user, password = (given.get(name, [""])[0] for name in ("username", "password"))
        if not await known.accepts(user, password, request):
            return JSONResponse({"detail": "Incorrect credentials."}, 400)
        response = JSONResponse({"success": True})
        response.set_cookie(
            known.cookie, known.ticket(user), DAYS * 86_400, httponly=True, samesite="lax", secure=is_encrypted(request)
        )
        return response

    async def log_out(request: Request) -> Response:
        if request.method != "POST":  # which another site's page could ask for
            return HTMLResponse(_LOG_OUT)
        known.end(request.cookies.get(known.cookie, ""))
        response = RedirectResponse("./", 303)
        response.delete_cookie(known.cookie)
        return response

    return [
        Route("/login", show, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["GET", "POST"]),
    ]


def is_encrypted(request: HTTPConnection) -> bool:
    """Tell whether the browser came by https, perhaps to a proxy that says so."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
