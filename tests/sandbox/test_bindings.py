from collections.abc import Callable

import azure.functions as func
import pytest

from sandbox.host import Host, UnsupportedApp


def _output(app: func.FunctionApp) -> None:
    @app.route("x")
    @app.queue_output("out", "q", "AzureWebJobsStorage")
    def sends(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
        raise NotImplementedError


def _coroutine(app: func.FunctionApp) -> None:
    @app.timer_trigger("timer", "0 0 * * * *")
    async def waits(timer: func.TimerRequest) -> None:
        raise NotImplementedError


def _misnamed(app: func.FunctionApp) -> None:
    @app.timer_trigger("timer", "0 0 * * * *")
    def misnamed(clock: func.TimerRequest) -> None:
        raise NotImplementedError


def _unset(app: func.FunctionApp) -> None:
    @app.queue_trigger("msg", "%QUEUE%", "AzureWebJobsStorage")
    def unset(msg: func.QueueMessage) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("declare", "text"),
    [
        pytest.param(_output, "sends: .*'queue'", id="an output binding"),
        pytest.param(_coroutine, "waits: .*async def", id="a coroutine"),
        pytest.param(_misnamed, "misnamed: .*called timer", id="an argument without a binding"),
        pytest.param(_unset, "unset: .*'QUEUE' is missing", id="a missing setting"),
    ],
)
def test_an_unsupported_app_is_refused_by_function(
    declare: Callable[[func.FunctionApp], None], text: str
) -> None:
    """Nothing is left out silently: the error names the function and what is wrong."""
    app = func.FunctionApp()
    declare(app)

    with pytest.raises(UnsupportedApp, match=text):
        Host(app, {}, host_json={})
