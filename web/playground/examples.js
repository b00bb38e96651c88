// Programs that are one click away: of each language one to begin with, some that show what there is, and hostile
// ones, each with a sentence on what will happen. `first` is what a language begins with.

const raw = (strings) => String.raw(strings).replace(/^\n/, "");

export const EXAMPLES = [
  {
    id: "hello-python", language: "python", first: true, title: "Python: your name",
    says: "It asks for your name while it runs: type it below the result, and press Enter.",
    files: { "main.py": raw`
name = input("What is your name? ")
print(f"Hello, {name}!")
` },
  },
  {
    id: "hello-c", language: "c", first: true, title: "C: your name",
    says: "It asks for your name while it runs: type it below the result, and press Enter.",
    files: { "main.c": raw`
#include <stdio.h>

int main(void) {
    char name[64];
    printf("What is your name? ");
    fflush(stdout); /* Without this nobody would see the question yet. */
    if (scanf("%63s", name) != 1) return 1;
    printf("Hello, %s!\n", name);
    return 0;
}
` },
  },
  {
    id: "sum-cpp", language: "cpp", first: true, title: "C++: a sum, with tests",
    says: "Press Judge: the last test is too large for an int, so that one answer is wrong.",
    files: { "main.cpp": raw`
#include <bits/stdc++.h>

int main() {
    int a, b; // long long would do.
    std::cin >> a >> b;
    std::cout << static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)) << '\n';
}
` },
    setup: { tests: [{ stdin: "2 3\n", expected: "5\n" }, { stdin: "-4 4\n", expected: "0\n" }, { stdin: "2147483647 1\n", expected: "2147483648\n", points: 3 }] },
  },
  {
    id: "hello-rust", language: "rust", first: true, title: "Rust: words that are counted",
    says: "It counts the words of its input.",
    files: { "main.rs": raw`
use std::collections::BTreeMap;
use std::io::{Read, stdin};

fn main() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).expect("it is text");
    let mut many = BTreeMap::new();
    for word in text.split_whitespace() {
        *many.entry(word).or_insert(0) += 1;
    }
    for (word, n) in many {
        println!("{word}: {n}");
    }
}
` },
    setup: { stdin: "the cat and the dog and the bird\n", open: false },
  },
  {
    id: "hello-go", language: "go", first: true, title: "Go: hello",
    says: "It says hello.",
    files: { "main.go": "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"Hello from Go\")\n}\n" },
  },
  {
    id: "hello-java", language: "java", first: true, title: "Java: squares",
    says: "It writes ten squares.",
    files: { "Main.java": raw`
public class Main {
    public static void main(String[] args) {
        for (int n = 1; n <= 10; n++) {
            System.out.println(n + " * " + n + " = " + n * n);
        }
    }
}
` },
  },
  {
    id: "hello-javascript", language: "javascript", first: true, title: "JavaScript: a countdown",
    says: "It counts down from five, once a second: its output comes as it is written, errors apart.",
    files: { "main.js": raw`
let n = 5;
const clock = setInterval(() => {
  console.log(n);
  if (n === 0) {
    console.error("Liftoff!");
    clearInterval(clock);
  }
  n -= 1;
}, 1000);
` },
  },
  {
    id: "hello-wat", language: "wat", first: true, title: "WebAssembly: hello",
    says: "A module of WebAssembly, written as text.",
    files: { "main.wat": raw`
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; One piece of text: where it lies, and its length.
  (data (i32.const 0) "\08\00\00\00\17\00\00\00Hello from WebAssembly\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 40)))))
` },
  },
  {
    id: "files-c", language: "c", title: "C: three files",
    says: "Three files: the first has main, the others come with it.",
    files: {
      "main.c": '#include <stdio.h>\n#include "shape.h"\n\nint main(void) {\n    printf("A circle of 2: %.3f\\n", circle(2));\n    return 0;\n}\n',
      "shape.h": "double circle(double radius);\n",
      "shape.c": '#include "shape.h"\n\ndouble circle(double radius) {\n    return 3.14159265358979 * radius * radius;\n}\n',
    },
  },
  {
    id: "roots-python", language: "python", title: "Python: roots, nearly right",
    says: "Press Judge: a checker takes numbers that are near enough.",
    files: { "main.py": "x = float(input())\nguess = x or 1.0\nfor _ in range(40):\n    guess = (guess + x / guess) / 2\nprint(guess)\n" },
    setup: { tests: [{ stdin: "2\n", expected: "1.41421356237\n" }, { stdin: "1000000\n", expected: "1000\n" }], checker: { kind: "floats", absolute: "0.000001", relative: "0.000001" } },
  },
  {
    id: "fork-bomb", language: "c", hostile: true, title: "A fork bomb",
    says: "It makes processes that make processes. The 65th is refused, again and again: process limit, and all of them are gone.",
    files: { "main.c": raw`
#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (int refused = 0; refused < 50;) {
        if (fork() < 0) refused++;
    }
    perror("fork");
    return 1;
}
` },
  },
  {
    id: "endless", language: "python", hostile: true, title: "An endless loop",
    says: "It never ends: after two seconds of processor time it is killed, time limit. Or cancel it.",
    files: { "main.py": "print(\"Here I stay.\", flush=True)\nwhile True:\n    pass\n" },
    setup: { limits: {} },
  },
  {
    id: "sleeper", language: "python", hostile: true, title: "A sleeper",
    says: "It sleeps and uses no processor time: after three seconds on the clock it is killed, wall limit.",
    files: { "main.py": "import time\n\nprint(\"Good night.\", flush=True)\ntime.sleep(3600)\n" },
    setup: { limits: { wall_ms: "3000" } },
  },
  {
    id: "memory-hog", language: "c", hostile: true, title: "A memory hog",
    says: "It takes memory and writes to it until the kernel kills it at 256 MiB: memory limit.",
    files: { "main.c": raw`
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    const size_t mib = 1024 * 1024;
    for (int n = 1;; n++) {
        char *page = malloc(16 * mib);
        if (!page) return 1;
        memset(page, 1, 16 * mib);
        printf("%d MiB\n", 16 * n);
        fflush(stdout);
    }
}
` },
  },
  {
    id: "shadow", language: "python", hostile: true, title: "A reader of /etc/shadow",
    says: "It looks for the machine's passwords. In the jail there is no such file, no home and no network: runtime error.",
    files: { "main.py": "import os\n\nprint(\"I see:\", os.listdir(\"/\"), os.listdir(\"/etc\"), flush=True)\nprint(open(\"/etc/shadow\").read())\n" },
  },
  {
    id: "flood", language: "python", hostile: true, title: "An output flood",
    says: "It writes without end: it is killed at 1 MiB, output limit, and you see the first 64 KiB.",
    files: { "main.py": "n = 0\nwhile True:\n    n += 1\n    print(\"<b>line</b>\", n)\n" },
  },
  {
    id: "caller", language: "python", hostile: true, title: "A caller from within",
    says: "It calls out to the network, of which the jail has none: runtime error.",
    files: { "main.py": "import socket\n\nsocket.create_connection((\"1.1.1.1\", 443), timeout=2)\nprint(\"Connected\")\n" },
  },
  {
    id: "tracer", language: "c", hostile: true, title: "A tracer of processes",
    says: "It asks the kernel for the right to look into processes, which no program needs: security violation.",
    files: { "main.c": raw`
#include <stdio.h>
#include <sys/ptrace.h>

int main(void) {
    long done = ptrace(PTRACE_TRACEME, 0, 0, 0);
    printf("ptrace: %ld\n", done);
    return 0;
}
` },
  },
];

/** What a program in `language` begins with; the first example of all where there is none. */
export const firstOf = (language) => EXAMPLES.find((one) => one.first && one.language === language) ?? null;

/** The files of an example, as the server takes them. */
export const filesOf = ({ files }) => Object.entries(files).map(([name, content]) => ({ name, content }));
