"""The addresses of the product, and one at which a test asks the running server something in Python: another process for
each question would load the whole program first.
"""

import traceback

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from ecoledger.urls import *  # noqa: F403
from ecoledger.urls import urlpatterns as of_the_product


@csrf_exempt
@login_not_required
def asked(request: HttpRequest) -> HttpResponse:
    """Run the script that was sent; it sets ``answer``."""
    names: dict[str, object] = {}
    try:
        exec(request.body.decode(), names)  # noqa: S102 - what the test says
    except Exception:
        return HttpResponse(traceback.format_exc(), status=500)
    return JsonResponse(names["answer"], safe=False)


urlpatterns = [path("asked", asked), *of_the_product]
