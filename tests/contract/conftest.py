import pytest

from contract.sides import LiveKitSide, LoopbackSide, Side


@pytest.fixture(params=["loopback", pytest.param("livekit", marks=pytest.mark.server)])
def side(request: pytest.FixtureRequest) -> Side:
    """Every test of the contract runs on both."""
    if request.param == "loopback":
        return LoopbackSide()
    return LiveKitSide(request.getfixturevalue("stack"))
