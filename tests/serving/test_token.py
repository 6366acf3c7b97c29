import asyncio

import grpc
import pytest

from tfdisent.errors import UsageError
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.token import Token, TokenInterceptor

SECRET = "0123456789abcdef"


@pytest.fixture
def token(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    return Token(file)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_is_let_pass(token, scheme):
    token.check(f"{scheme} {SECRET}")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        SECRET,
        f"Basic {SECRET}",
        f"Bearer {SECRET}x",
        f"Bearer {SECRET[:-1]}",
        f"Bearer {SECRET.upper()}",
        "Bearer é\udcff\0",
    ],
)
def test_all_else_is_refused_without_telling_the_token(token, header):
    with pytest.raises(ServingError) as caught:
        token.check(header)
    assert caught.value.code == Code.UNAUTHENTICATED
    assert SECRET not in caught.value.message
    assert SECRET not in repr(vars(caught.value)) + repr(token)


@pytest.mark.parametrize(
    "content", [b"", b"short", b"two words of a token", b"\xff" * 20]
)
def test_a_file_without_a_token_is_refused(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="16 or more") as caught:
        Token(file)
    assert not content or content.decode(errors="replace") not in str(caught)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="nowhere cannot be read: No such"):
        Token(tmp_path / "nowhere")


def test_a_new_file_counts_for_the_next_request(token, tmp_path, caplog):
    file, other = tmp_path / "token", SECRET[::-1]
    file.write_text(other)
    token.check(f"Bearer {other}")
    with pytest.raises(ServingError):
        token.check(f"Bearer {SECRET}")
    file.write_text("short")
    token.check(f"Bearer {other}")
    file.unlink()
    token.check(f"Bearer {other}")
    warned = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert len(warned) == 2
    assert all("The old token stays." in each for each in warned)
    assert other not in caplog.text
    file.write_text(SECRET)
    token.check(f"Bearer {SECRET}")


def test_grpc_asks_for_the_token_but_for_health(token):
    async def answer(request, context):
        return b"answer"

    def service(name):
        method = grpc.unary_unary_rpc_method_handler(answer)
        return grpc.method_handlers_generic_handler(name, {"Do": method})

    async def calls():
        server = grpc.aio.server(interceptors=[TokenInterceptor(token)])
        services = ["Work", "grpc.health.v1.Health"]
        server.add_generic_rpc_handlers([service(name) for name in services])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:

            async def call(path, *metadata):
                return await channel.unary_unary(path)(b"", metadata=metadata)

            right = ("authorization", f"Bearer {SECRET}")
            assert await call("/Work/Do", right) == b"answer"
            assert await call("/grpc.health.v1.Health/Do") == b"answer"
            for wrong in [[], [("authorization", "Bearer no")]]:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call("/Work/Do", *wrong)
                assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
                assert "Bearer TOKEN" in caught.value.details()
        await server.stop(None)

    asyncio.run(calls())
