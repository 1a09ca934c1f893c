"""Small matrices: more BLAS threads than one would only wait for each other."""

from collections.abc import Iterator

import pytest

from zhiyin.core.threads import one_blas_thread


@pytest.fixture(autouse=True, scope="session")
def _one_blas_thread() -> Iterator[None]:
    with one_blas_thread():
        yield
