"""Public clients of Piston against the server at the address that is given: what each says, as JSON."""

import asyncio
import json
import sys

from pistonapi import PistonAPI
from pistonapi.exceptions import PistonError
from pyston import File, PystonClient
from pyston.exceptions import ExecutionError

base = sys.argv[1]


async def aiopyston():
    client = PystonClient(base_url=f"{base}/api/v2/")
    try:
        languages = sorted(await client.languages())
        [runtime] = await client.get_runtimes("py")
        source = "print(input(), *__import__('sys').argv[1:])"
        output = await client.execute("python", [File(source)], stdin="hello", args=["a"])
        compiled = await client.execute("c", [File("int main() { return 3; }", "main.c")], version="*")
        try:
            await client.execute("cobol", [File("")])
            refused = None
        except ExecutionError as error:
            refused = str(error)
    finally:
        await client.close_session()
    return {
        "languages": languages,
        "version": runtime.version,
        "output": str(output),
        "success": output.success,
        "code": compiled.run_stage.code,
        "compiled": compiled.compile_stage.code,
        "refused": refused,
    }


def pistonapi():
    client = PistonAPI(f"{base}/api/v2")
    # Its programs go as a form, which Piston refuses as well.
    try:
        client.execute(language="python", version="*", code="print(1)")
        refused = None
    except PistonError as error:
        refused = str(error)
    return {"languages": sorted(client.languages), "refused": refused}


print(json.dumps({"aiopyston": asyncio.run(aiopyston()), "pistonapi": pistonapi()}))
