"""Users and tokens in a file: kept as hashes, for its owner only, the same for all who use it."""

import stat

import pytest

from ui.server import Accounts, Credentials, credentials

LONG = "correct horse 1"


@pytest.fixture
def accounts(tmp_path):
    return Accounts(tmp_path / "data" / "accounts.db")


def test_passwords_and_tokens_are_kept_as_hashes_for_the_owner_only(accounts):
    accounts.add_user("ann", LONG)
    token = accounts.create_token("backup")
    assert token.startswith("pincite_") and len(token) == 51
    kept = accounts.path.read_bytes()
    assert b"ann" in kept and LONG.encode() not in kept and token.encode() not in kept
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600


def test_looking_makes_no_file(accounts):
    assert (accounts.users(), accounts.tokens(), accounts.token_name("pincite_x")) == ([], [], "")
    assert accounts.known("ann") == (None, "")
    assert not accounts.remove_user("ann") and not accounts.revoke_token("n8n")
    assert credentials(None, accounts=accounts) is None
    assert not accounts.path.parent.exists()


def test_each_user_has_a_password_and_nobody_another(accounts):
    accounts.add_user("bob", "correct horse 2")
    accounts.add_user("ann", LONG)
    check = credentials(None, accounts=accounts)
    assert accounts.users() == ["ann", "bob"]
    assert check("ann", LONG) and check("bob", "correct horse 2")
    wrong = [("ann", "correct horse 2"), ("bob", LONG), ("", ""), ("cyd", LONG), ("ann", "")]
    assert not any(check(*pair) for pair in wrong)
    both = credentials("cyd:pw", accounts=accounts)
    assert both("cyd", "pw") and both("ann", LONG)


def test_a_login_outlives_a_restart_until_log_out_new_password_or_removal(accounts):
    accounts.add_user("ann", LONG)
    accounts.add_user("bob", LONG)

    def page():
        return Credentials(accounts=Accounts(accounts.path))

    ann, bob = (page().ticket(user) for user in ("ann", "bob"))
    assert (page().holder(ann), page().holder(bob), page().cookie) == ("ann", "bob", page().cookie)
    page().end(ann)
    assert (page().holder(ann), page().holder(bob)) == ("", "bob")
    page().end(ann)
    ann = page().ticket("ann")
    assert page().holder(ann) == "ann"
    accounts.add_user("ann", "correct horse 3")
    assert page().holder(ann) == ""
    accounts.remove_user("bob")
    accounts.add_user("bob", LONG)  # somebody else of this name
    assert page().holder(bob) == ""
    one = Credentials("cyd", "pw", accounts=accounts).ticket("cyd")
    assert Credentials("cyd", "pw", accounts=accounts).holder(one) == "cyd"
    assert Credentials("cyd", "other", accounts=accounts).holder(one) == ""


def test_a_token_is_good_until_it_is_revoked(accounts):
    first, second = accounts.create_token("backup"), accounts.create_token("n8n")
    assert (accounts.token_name(first), accounts.token_name(second)) == ("backup", "n8n")
    assert [each.name for each in accounts.tokens()] == ["backup", "n8n"]
    with pytest.raises(ValueError, match="there is a token 'n8n' already; revoke it first"):
        accounts.create_token("n8n")
    assert accounts.revoke_token("n8n") and not accounts.revoke_token("n8n")
    assert (accounts.token_name(first), accounts.token_name(second)) == ("backup", "")
    assert accounts.token_name("pincite_") == accounts.token_name("") == ""


@pytest.mark.parametrize("name", ["", " ann", "a:b", "a\nb", "a\x00b", "\ud800", "x" * 81])
def test_what_cannot_be_a_name_is_refused(accounts, name):
    with pytest.raises(ValueError, match=r"is no name|at most 80 fit"):
        accounts.add_user(name, LONG)
    with pytest.raises(ValueError, match=r"is no name|at most 80 fit"):
        accounts.create_token(name)


def test_a_password_that_is_soon_guessed_is_refused(accounts):
    with pytest.raises(ValueError, match="the password has 7 characters; choose one of at least 8"):
        accounts.add_user("ann", "1234567")


def test_a_file_of_another_kind_is_named(accounts):
    accounts.path.parent.mkdir()
    accounts.path.write_text("ann:secret\n" * 100)
    with pytest.raises(OSError, match=r"in .*accounts\.db cannot be used \(file is not a database\); --accounts names"):
        accounts.users()
    below = Accounts(accounts.path / "accounts.db")
    with pytest.raises(
        OSError, match=r"cannot be used \(.*(Not a directory|File exists).*\); --accounts names another"
    ):
        below.add_user("ann", LONG)
