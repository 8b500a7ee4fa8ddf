"""What a load balancer, an orchestrator and Prometheus ask: /healthz, /readyz and /metrics.

The first two tell nothing that a stranger may not know.
"""

from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui.server.metrics import Watch
from ui.server.readiness import Readiness


def probe_routes(readiness: Readiness, watch: Watch) -> list[Route]:
    """Return the three routes of one page."""

    async def alive(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    def ready(_: Request) -> Response:
        problem = readiness.problem()
        return PlainTextResponse(f"{problem or 'ready'}\n", 503 if problem else 200)

    def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(watch.registry), headers={"content-type": kind})

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", metrics)]
