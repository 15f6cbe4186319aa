from __future__ import annotations

import asyncio
import json
import socket
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from session_fsm.errors import TokenError
from session_fsm.tokens import ConnectionDetails, TokenOptions, TokenSource
from session_fsm.tokens.address import followed
from unit.tokens.doubles import Peer, make_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ALL = TokenOptions(
    room_name="r",
    participant_name="n",
    participant_identity="i",
    participant_metadata="m",
    participant_attributes={"a": "1"},
    agent_name="an",
    agent_metadata="am",
    agent_deployment="ad",
)


async def failure(source: TokenSource, options: TokenOptions | None = None) -> TokenError:
    with pytest.raises(TokenError) as caught:
        await source.fetch(options)
    return caught.value


class TestRequest:
    @pytest.mark.parametrize(
        ("options", "body"),
        [
            (None, {}),
            (TokenOptions(), {}),
            (TokenOptions(participant_attributes={}), {}),
            (TokenOptions(room_name="r"), {"room_name": "r"}),
            (TokenOptions(participant_metadata=""), {"participant_metadata": ""}),
            (TokenOptions(agent_name="a"), {"room_config": {"agents": [{"agent_name": "a"}]}}),
            (TokenOptions(agent_metadata="m"), {"room_config": {"agents": [{"metadata": "m"}]}}),
            (
                TokenOptions(agent_deployment="d"),
                {"room_config": {"agents": [{"deployment": "d"}]}},
            ),
            (
                ALL,
                {
                    "room_name": "r",
                    "participant_name": "n",
                    "participant_identity": "i",
                    "participant_metadata": "m",
                    "participant_attributes": {"a": "1"},
                    "room_config": {
                        "agents": [{"agent_name": "an", "metadata": "am", "deployment": "ad"}]
                    },
                },
            ),
        ],
    )
    async def test_says_what_was_given_and_nothing_else(
        self, peer: Peer, options: TokenOptions | None, body: dict[str, Any]
    ) -> None:
        await TokenSource.endpoint(peer.url).fetch(options)
        (request,) = peer.requests
        assert json.loads(request["body"]) == body
        assert request["method"] == "POST"

    async def test_is_json(self, peer: Peer) -> None:
        await TokenSource.endpoint(peer.url).fetch()
        assert values(peer, "content-type") == ["application/json"]

    async def test_headers_of_the_user_win_in_any_case(self, peer: Peer) -> None:
        headers = {"content-TYPE": "application/x+json", "X-Key": "k", "Authorization": "Bearer b"}
        await TokenSource.endpoint(peer.url, headers=headers).fetch()
        assert values(peer, "content-type") == ["application/x+json"]
        assert values(peer, "x-key") == ["k"]
        assert values(peer, "authorization") == ["Bearer b"]

    async def test_of_two_headers_that_differ_in_case_the_last_is_sent(self, peer: Peer) -> None:
        await TokenSource.endpoint(peer.url, headers={"x-key": "1", "X-KEY": "2"}).fetch()
        assert values(peer, "x-key") == ["2"]

    @pytest.mark.parametrize("method", ["GET", "put"])
    async def test_uses_the_method_and_keeps_the_body(self, peer: Peer, method: str) -> None:
        await TokenSource.endpoint(peer.url, method=method).fetch(TokenOptions(room_name="r"))
        (request,) = peer.requests
        assert request["method"] == method.upper()
        assert json.loads(request["body"]) == {"room_name": "r"}

    async def test_the_url_may_hold_a_query_and_a_user(self, peer: Peer) -> None:
        url = peer.url.replace("://", "://me:pass@") + "?key=abc"
        await TokenSource.endpoint(f" {url}\n").fetch()
        assert peer.requests[0]["path"] == "/token?key=abc"
        assert values(peer, "authorization") == ["Basic bWU6cGFzcw=="]

    async def test_each_fetch_asks(self, peer: Peer) -> None:
        source = TokenSource.endpoint(peer.url)
        await source.fetch()
        await source.fetch(force=True)
        await source.fetch()
        assert len(peer.requests) == 3
        await peer.until_no_connection_is_left()


def values(peer: Peer, name: str) -> list[str]:
    return [value for key, value in peer.requests[-1]["headers"] if key.lower() == name]


class TestAnswer:
    @pytest.mark.parametrize(
        "answer",
        [
            {"server_url": "wss://s.test", "participant_token": "t", "room_name": "r",
             "participant_name": "p"},
            {"serverUrl": "wss://s.test", "participantToken": "t", "roomName": "r",
             "participantName": "p", "unknown": [1]},
            {"server_url": "wss://s.test", "serverUrl": "wss://other.test",
             "participant_token": None, "participantToken": "t", "room_name": "r",
             "participantName": "p"},
        ],
    )  # fmt: skip
    async def test_in_either_spelling(self, peer: Peer, answer: dict[str, Any]) -> None:
        peer.says(text=json.dumps(answer), status=201)
        details = await TokenSource.endpoint(peer.url).fetch()
        assert details == ConnectionDetails("wss://s.test", "t", "r", "p")

    @pytest.mark.parametrize("status", [200, 201, 299])
    async def test_any_2xx_will_do(self, peer: Peer, status: int) -> None:
        peer.says(text='{"server_url": "wss://s.test", "participant_token": "t"}', status=status)
        assert await TokenSource.endpoint(peer.url).fetch() == ConnectionDetails(
            "wss://s.test", "t"
        )

    async def test_null_and_empty_names_are_left_out(self, peer: Peer) -> None:
        answer = {"server_url": "u", "participant_token": "t", "room_name": "",
                  "participant_name": None}  # fmt: skip
        peer.says(text=json.dumps(answer))
        assert await TokenSource.endpoint(peer.url).fetch() == ConnectionDetails("u", "t")

    async def test_a_byte_order_mark_does_not_matter(self, peer: Peer) -> None:
        peer.says(body=b'\xef\xbb\xbf{"server_url": "u", "participant_token": "t"}')
        assert await TokenSource.endpoint(peer.url).fetch() == ConnectionDetails("u", "t")

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            ("", "gave an empty answer. Check its log."),
            (" \n", "gave an empty answer. Check its log."),
            ("{}", "answered without server_url and participant_token. It must give "),
            ('{"server_url": "u"}', "answered without participant_token."),
            ('{"participantToken": "t", "serverUrl": " "}', "answered without server_url."),
            ('{"server_url": 1}', "answered with a server_url that is a int, not a text"),
            (
                '{"server_url": "u", "participantToken": {}}',
                "answered with a participant_token that is a dict, not a text",
            ),
            ("[]", "that is no JSON object, as text/plain. Check the URL; it said: []."),
            ("null", "that is no JSON object"),
            ('{"server_url": ', 'as text/plain. Check the URL; it said: {"server_url":.'),
            ("[" * 100_000, "that is no JSON object"),
        ],
    )
    async def test_anything_else_is_a_bad_answer(self, peer: Peer, answer: str, says: str) -> None:
        peer.says(text=answer)
        error = await failure(TokenSource.endpoint(peer.url))
        assert error.kind == "bad-answer"
        assert str(error).startswith(f"The token endpoint {peer.url} ")
        assert says in str(error)

    async def test_html_is_a_bad_answer(self, peer: Peer) -> None:
        peer.says(text="<html>\n  <h1>Sign in</h1></html>", content_type="text/html")
        error = await failure(TokenSource.endpoint(peer.url))
        assert error.kind == "bad-answer"
        assert str(error) == (
            f"The token endpoint {peer.url} answered with something that is no JSON object, as "
            "text/html. Check the URL; it said: <html> <h1>Sign in</h1></html>."
        )

    async def test_a_huge_answer_is_not_read_to_its_end(self, peer: Peer) -> None:
        async def flood(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 65_536)

        peer.answer = flood
        error = await failure(TokenSource.endpoint(peer.url, timeout=5))
        assert error.kind == "bad-answer"
        await peer.until_no_connection_is_left()

    async def test_bytes_that_are_no_text(self, peer: Peer) -> None:
        peer.says(body=b"\xff\xfe\x00")
        assert (await failure(TokenSource.endpoint(peer.url))).kind == "bad-answer"


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "phrase"),
        [(300, "300 Multiple Choices"), (401, "401 Unauthorized"), (500, "500 Internal"),
         (599, "599. Check")],
    )  # fmt: skip
    async def test_other_than_2xx(self, peer: Peer, status: int, phrase: str) -> None:
        peer.says(text="no luck", status=status)
        error = await failure(TokenSource.endpoint(peer.url))
        assert error.kind == "status"
        assert f"The token endpoint {peer.url} answered {phrase}" in str(error)
        assert str(error).endswith(". Check its log; it said: no luck.")

    async def test_a_4xx_with_details_is_no_answer(self, peer: Peer) -> None:
        peer.says(text='{"server_url": "u", "participant_token": "t"}', status=403)
        assert (await failure(TokenSource.endpoint(peer.url))).kind == "status"

    async def test_an_empty_body(self, peer: Peer) -> None:
        peer.says(status=404)
        error = await failure(TokenSource.endpoint(peer.url))
        assert str(error) == (
            f"The token endpoint {peer.url} answered 404 Not Found. Check its log."
        )

    async def test_quotes_200_characters(self, peer: Peer) -> None:
        peer.says(text="a" * 150 + "b" * 50 + "c", status=500)
        text = str(await failure(TokenSource.endpoint(peer.url)))
        assert text.endswith("; it said: " + "a" * 150 + "b" * 50 + ".")


class TestSecrets:
    async def test_nothing_of_them_is_told(self, peer: Peer) -> None:
        token = make_token(exp=1)
        headers = {"Authorization": "Bearer hunter2-hunter2", "X-Key": "k-e-y", "Accept": "a/b"}
        source = TokenSource.endpoint(peer.url + "?sig=sig-nature", headers=headers)
        peer.says(
            text=f"no: {token}, hunter2-hunter2 k-e-y sig-nature a/b {'x' * 120}{token}",
            status=401,
        )
        error = await failure(source)
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(source)
        for secret in (token, token.split(".")[1], "hunter2", "k-e-y", "sig-nature"):
            assert secret not in shown
        assert "no: «redacted», «redacted» «redacted» «redacted» a/b xxx" in str(error)
        assert "eyJ" not in str(error)

    async def test_user_and_password_of_the_url(self, peer: Peer) -> None:
        source = TokenSource.endpoint(peer.url.replace("://", "://me:my%20pass@"))
        peer.says(text="bad bWU6bXklMjBwYXNz for me:my%20pass, my pass", status=401)
        error = await failure(source)
        assert str(error).endswith("it said: bad «redacted» for «redacted», «redacted».")
        assert "pass" not in repr(source)

    async def test_a_wrong_content_type(self, peer: Peer) -> None:
        peer.says(text="x", headers={"Content-Type": "text/top-secret"})
        error = await failure(TokenSource.endpoint(peer.url, headers={"X-Key": "top-secret"}))
        assert "as text/«redacted»." in str(error)

    def test_the_repr_shows_what_helps(self) -> None:
        source = TokenSource.endpoint(
            "https://u:p@a.test/t?k=v#f", method="get", headers={"X-Key": "abc"}
        )
        assert repr(source) == (
            "TokenSource.endpoint('https://a.test/t?«redacted»', method='GET', headers=['X-Key'])"
        )
        assert (
            repr(TokenSource.endpoint("http://a.test")) == "TokenSource.endpoint('http://a.test')"
        )


@pytest.fixture
async def raw_server() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Sends the given bytes and closes, whatever it is asked."""
    replies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(replies[0])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", replies
    server.close()
    await server.wait_closed()


class TestNoAnswer:
    async def test_nobody_listens(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/token"
            error = await failure(TokenSource.endpoint(url, headers={"X-Key": "abc"}))
        assert error.kind == "unreachable"
        assert str(error).startswith(
            f"The token endpoint {url} could not be reached, or broke off: Cannot connect to host"
        )
        assert str(error).endswith(". Check the URL and the network.")
        assert isinstance(error.__cause__, OSError)
        assert error.__context__ is None

    async def test_no_such_host(self) -> None:
        url = "http://" + "a" * 70 + ".test/"
        assert (await failure(TokenSource.endpoint(url))).kind == "unreachable"

    @pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
    async def test_breaks_off(self, raw_server: tuple[str, list[bytes]], reply: bytes) -> None:
        url, replies = raw_server
        replies.append(reply)
        error = await failure(TokenSource.endpoint(url))
        assert error.kind == "unreachable"
        assert "could not be reached, or broke off: " in str(error)
        assert ".." not in str(error)

    async def test_does_not_speak_http(self, raw_server: tuple[str, list[bytes]]) -> None:
        url, replies = raw_server
        replies.append(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        error = await failure(TokenSource.endpoint(url, headers={"X-Key": "s3cr3t"}))
        assert error.kind == "bad-answer"
        assert str(error) == f"The token endpoint {url} does not speak HTTP. Check the URL."
        assert "s3cr3t" not in repr(error.__cause__)

    @pytest.mark.parametrize("begun", [False, True])
    async def test_is_too_slow(self, peer: Peer, *, begun: bool) -> None:
        peer.answer = slow(begun=begun)
        error = await failure(TokenSource.endpoint(peer.url, timeout=0.05))
        assert error.kind == "timeout"
        assert str(error) == (
            f"The token endpoint {peer.url} did not answer within 0.05 s. Check it, or raise its "
            "timeout."
        )
        await peer.until_no_connection_is_left()

    @pytest.mark.parametrize("begun", [False, True])
    async def test_a_cancelled_one_leaves_no_connection(self, peer: Peer, *, begun: bool) -> None:
        peer.answer = slow(begun=begun)
        task = asyncio.create_task(TokenSource.endpoint(peer.url).fetch())
        async with asyncio.timeout(2):
            while not peer.requests:  # noqa: ASYNC110 - a fact of the server's
                await asyncio.sleep(0)
        assert peer.connections == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await peer.until_no_connection_is_left()

    async def test_cancelling_at_every_await_is_clean(self, peer: Peer) -> None:
        for turn in range(60):
            task = asyncio.create_task(TokenSource.endpoint(peer.url).fetch())
            for _ in range(turn):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            await peer.until_no_connection_is_left()


def slow(*, begun: bool) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if begun:
            await response.prepare(request)
            await response.write(b'{"server_url":')
        await asyncio.Event().wait()
        return response

    return answer


class TestRedirect:
    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    async def test_on_the_same_host_is_followed_whole(self, peer: Peer, status: int) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            if request.path == "/token":
                return web.Response(status=status, headers={"Location": "/token/"})
            return web.json_response({"server_url": "u", "participant_token": "t"})

        peer.answer = answer
        source = TokenSource.endpoint(peer.url, headers={"X-Key": "k"})
        assert await source.fetch(TokenOptions(room_name="r")) == ConnectionDetails("u", "t")
        first, second = peer.requests
        assert (first["path"], second["path"]) == ("/token", "/token/")
        assert second["method"] == "POST"
        assert second["body"] == first["body"] == '{"room_name": "r"}'
        assert values(peer, "x-key") == ["k"]

    @pytest.mark.parametrize(
        ("location", "shown"),
        [
            ("http://other.test/t?k=v", "http://other.test/t?«redacted»"),
            ("http://127.0.0.1:1/t", "http://127.0.0.1:1/t"),
            ("ftp://127.0.0.1/t", "ftp://127.0.0.1/t"),
            ("http://[", "«redacted»"),
        ],
    )
    async def test_to_somebody_else_is_told(self, peer: Peer, location: str, shown: str) -> None:
        peer.says(status=307, headers={"Location": location})
        error = await failure(TokenSource.endpoint(peer.url))
        assert error.kind == "status"
        assert str(error) == (
            f"The token endpoint {peer.url} answered 307 Temporary Redirect and points to {shown}. "
            "Give that URL if you trust it."
        )
        assert len(peer.requests) == 1

    async def test_303_and_one_without_a_target_are_not_followed(self, peer: Peer) -> None:
        peer.says(status=303, headers={"Location": "/elsewhere"})
        assert "answered 303 See Other. Check" in str(await failure(TokenSource.endpoint(peer.url)))
        peer.says(status=307)
        assert (await failure(TokenSource.endpoint(peer.url))).kind == "status"
        assert len(peer.requests) == 2

    async def test_a_circle_ends(self, peer: Peer) -> None:
        peer.says(status=308, headers={"Location": "/token"})
        assert (await failure(TokenSource.endpoint(peer.url))).kind == "status"
        assert len(peer.requests) == 6


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://a.test:80/t", "https://a.test/t", "https://a.test/t"),
        ("https://a.test/t", "http://a.test/t", None),
        ("https://a.test/x/t", "../y", "https://a.test/y"),
        ("http://a.test/t", "http://a.test:8080/t", None),
        ("http://a.test/t", "//b.test/t", None),
        ("http://a.test/t", "http://a.test:x/", None),
    ],
)
def test_a_redirect_may_lead_to_https_and_not_back(
    url: str, location: str, target: str | None
) -> None:
    assert followed(url, location) == target


class TestArguments:
    @pytest.mark.parametrize(
        ("url", "error", "text"),
        [
            (None, TypeError, "url must be a str, not NoneType."),
            (" ", ValueError, "url must not be empty."),
            ("a.test/t", ValueError, "must be a URL like https://example.com, not 'a.test/t'."),
            ("wss://a.test", ValueError, "must be a URL like https://example.com"),
            ("http://", ValueError, "must be a URL like https://example.com"),
            ("http://a.test:x/", ValueError, "url is not a URL: 'http://a.test:x/'."),
            ("http://a.test:99999/", ValueError, "url is not a URL"),
            ("http://[a", ValueError, "url is not a URL: '«redacted»'."),
            ("http://a b.test/", ValueError, "url is not a URL: "),
            ("http://a.test/\x00", ValueError, "url is not a URL: "),
            ("ftp://u:p4ss@a.test/?k=v", ValueError, "not 'ftp://a.test/?«redacted»'."),
        ],
    )
    def test_url(self, url: Any, error: type[Exception], text: str) -> None:
        with pytest.raises(error) as caught:
            TokenSource.endpoint(url)
        assert text in str(caught.value)

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            ({"method": 1}, TypeError, "method must be a str, not int."),
            ({"method": ""}, ValueError, "method must not be empty."),
            ({"method": "GE T"}, ValueError, "must be an HTTP method like POST, not 'GE T'."),
            ({"method": "PÖST"}, ValueError, "must be an HTTP method"),
            ({"timeout": "1"}, TypeError, "timeout must be a number of seconds, not str."),
            ({"timeout": None}, TypeError, "timeout must be a number of seconds, not NoneType."),
            ({"timeout": True}, TypeError, "timeout must be a number of seconds, not bool."),
            ({"timeout": 0}, ValueError, "timeout must be a number of seconds above 0, not 0."),
            ({"timeout": float("nan")}, ValueError, "timeout must be"),
            ({"headers": [1]}, TypeError, "headers must be a mapping of str to str, not list."),
            ({"headers": {"a": 7}}, TypeError, "headers must map str to str; 'a' is a int."),
            ({"headers": {7: "a"}}, TypeError, "headers must map str to str; 7 is a str."),
            ({"headers": {"a b": "c"}}, ValueError, "'a b', which is no name of a header."),
            ({"headers": {"": "c"}}, ValueError, "'', which is no name of a header."),
            ({"headers": {"a": "s3cret\r\nb: c"}}, ValueError, "The header 'a' holds a line break"),
        ],
    )
    def test_others(self, arguments: dict[str, Any], error: type[Exception], text: str) -> None:
        with pytest.raises(error) as caught:
            TokenSource.endpoint("http://a.test", **arguments)
        assert text in str(caught.value)
        assert "s3cret" not in str(caught.value)

    def test_a_tab_may_be_in_a_value_and_a_value_may_be_empty(self) -> None:
        assert TokenSource.endpoint("http://a.test", headers={"a": "b\tc", "d": ""})

    def test_one_way_to_authorize(self) -> None:
        with pytest.raises(ValueError, match="give one of them"):
            TokenSource.endpoint("http://u:p@a.test", headers={"AUTHORIZATION": "x"})

    async def test_options_must_be_options(self) -> None:
        options: Any = {"room_name": "r"}
        with pytest.raises(TypeError, match="options must be a TokenOptions, not dict"):
            await TokenSource.endpoint("http://a.test").fetch(options)

    async def test_an_empty_header_value_hides_nothing(self, peer: Peer) -> None:
        peer.says(text="abc", status=500)
        error = await failure(TokenSource.endpoint(peer.url, headers={"X-Key": " "}))
        assert str(error).endswith("it said: abc.")


class TestDevelopment:
    async def test_asks_as_the_other_sdks_do(self, peer: Peer) -> None:
        base = peer.url.removesuffix("/token")
        source = TokenSource.development(" my-id\n", base_url=f"{base}/")
        details = await source.fetch(TokenOptions(room_name="r"))
        assert details == ConnectionDetails("wss://a.test", "t")
        (request,) = peer.requests
        assert request["path"] == "/api/v2/sandbox/connection-details"
        assert values(peer, "x-sandbox-id") == ["my-id"]
        assert values(peer, "content-type") == ["application/json"]
        assert json.loads(request["body"]) == {"room_name": "r"}

    async def test_its_id_is_a_secret(self, peer: Peer) -> None:
        base = peer.url.removesuffix("/token")
        source = TokenSource.development("my-id", base_url=base)
        peer.says(text="unknown my-id", status=404)
        assert str(await failure(source)).endswith("unknown «redacted».")
        assert repr(source) == f"TokenSource.development(«redacted», base_url='{base}')"

    def test_asks_livekit_cloud_by_default(self) -> None:
        source = TokenSource.development("my-id")
        assert source._url == "https://cloud-api.livekit.io/api/v2/sandbox/connection-details"
        assert repr(source) == "TokenSource.development(«redacted»)"

    def test_the_old_name_warns(self) -> None:
        with pytest.warns(DeprecationWarning, match=r"is now called TokenSource.development") as at:
            source = TokenSource.sandbox("my-id", base_url="http://a.test")
        assert at[0].filename == __file__
        assert repr(source) == "TokenSource.development(«redacted», base_url='http://a.test')"

    @pytest.mark.parametrize(
        ("server_id", "base_url", "error", "text"),
        [
            (1, "http://a.test", TypeError, "token_server_id must be a str, not int."),
            (" ", "http://a.test", ValueError, "token_server_id must not be empty."),
            ("a b", "http://a.test", ValueError, "token_server_id holds white space"),
            ("a\nb", "http://a.test", ValueError, "token_server_id holds white space"),
            ("ä", "http://a.test", ValueError, "token_server_id holds white space"),
            ("a", "a.test", ValueError, "base_url must be a URL like https://example.com"),
        ],
    )
    def test_arguments(
        self, server_id: Any, base_url: Any, error: type[Exception], text: str
    ) -> None:
        with pytest.raises(error) as caught:
            TokenSource.development(server_id, base_url=base_url)
        assert text in str(caught.value)
