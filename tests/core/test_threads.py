"""BLAS threads are limited, and given back."""

import scipy.linalg  # noqa: F401 - brings its own BLAS
from threadpoolctl import threadpool_info

from zhiyin.core.threads import one_blas_thread


def blas_threads() -> list[int]:
    return [api["num_threads"] for api in threadpool_info() if api["user_api"] == "blas"]


def test_one_thread_inside_and_as_before_outside():
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == [1] * len(before)
    assert blas_threads() == before
