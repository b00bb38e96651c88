// Leaves files whose names mean something else to whoever is careless with them.
int main(void) {
    char longest[256] = {0};
    memset(longest, 'x', 255);
    symlink("/etc/shadow", longest);
    symlink("/etc/shadow", "new\nline");
    symlink("/etc/shadow", "$(id)");
    mkdir("-rf", 0700);
    close(open("\xff\xfe", O_CREAT | O_WRONLY, 0600));
    must_fail("256 bytes", open("/work/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", O_CREAT | O_WRONLY, 0600), ENAMETOOLONG, ENAMETOOLONG);
    return verdict();
}
