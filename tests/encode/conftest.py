"""Small models on disk, and an endpoint that answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] stainless steel kitchen knife wireless bluetooth headphones garden "
    "hose with spray nozzle science fiction film about space travel sharpener for the a microphone "
    "query passage :"
).split()


def word_vector(word: str, dim: int) -> np.ndarray:
    """The same random vector for the same word, everywhere."""
    seed = int.from_bytes(sha256(word.encode("utf-8", "replace")).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


def save_tokenizer(folder: Path, vocabulary: dict[str, int]) -> Path:
    """A tokenizer.json in BERT's manner."""
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=special
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


@pytest.fixture(scope="session")
def onnx_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose hidden states are its word vectors, as ONNX with a tokeniser."""
    folder = tmp_path_factory.mktemp("onnx-model")
    save_tokenizer(folder, {word: place for place, word in enumerate(WORDS)})
    table = np.stack([word_vector(word, 64) for word in WORDS])
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "words",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "t"])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["n", "t", 64])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(folder / "model.onnx"))
    return folder


class Endpoint:
    """A real HTTP server on loopback that speaks OpenAI's embeddings protocol."""

    def __init__(self) -> None:
        self.dim = 32
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.failures: list[int] = []
        self.change: Callable[[dict[str, Any]], Any] = lambda reply: reply
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                endpoint.answer(self, json.loads(self.rfile.read(length)))

            def log_message(self, format: str, *args: object) -> None:
                """Keeps quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        self.keys.append(handler.headers.get("Authorization"))
        self.seen.append(body)
        status = self.failures.pop(0) if self.failures else 200
        rows = [
            {"index": place, "object": "embedding", "embedding": self.vector(text)}
            for place, text in enumerate(body["input"])
        ]
        reply = self.change({"object": "list", "data": rows[::-1], "model": body["model"]})
        content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def vector(self, text: str) -> list[float]:
        words = text.split() or [""]
        return np.sum([word_vector(word, self.dim) for word in words], axis=0).tolist()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def endpoint() -> Generator[Endpoint, None, None]:
    """The endpoint, fresh."""
    server = Endpoint()
    yield server
    server.close()
