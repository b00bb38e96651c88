// Address space alone is nothing: runtimes reserve much of it.
int main(void) {
    void *all = mmap(0, 100L << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    puts(all == MAP_FAILED ? strerror(errno) : "held");
    return all == MAP_FAILED;
}
