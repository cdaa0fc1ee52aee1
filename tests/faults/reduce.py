"""A reduction whose results prove themselves whole: data written over a while, and last their hash. Several files make one batch."""

import hashlib
import json
import os
import subprocess
import time

SECONDS = [0.0]  # how long a run takes, by its number
LEAVES_A_PROCESS = True


def main(input_file, output_dir):
    if LEAVES_A_PROCESS:
        subprocess.Popen(["sleep", "900"], start_new_session=True)
    files = input_file if isinstance(input_file, list) else [input_file]
    runs = [int("".join(filter(str.isdigit, os.path.basename(file)))) for file in files]
    name = "-".join(map(str, runs))
    seconds = SECONDS[runs[0] % len(SECONDS)]
    digest = hashlib.sha256()
    with open(f"{output_dir}data_{name}.bin", "wb") as file:
        for _ in range(8):
            block = os.urandom(8192)
            file.write(block)
            file.flush()
            digest.update(block)
            time.sleep(seconds / 8)
    with open(f"{output_dir}whole_{name}.json", "w") as file:
        json.dump({"runs": runs, "attempt": os.urandom(8).hex(), "sha256": digest.hexdigest()}, file)
    print("reduced", name)
