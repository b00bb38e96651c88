// The folder through which programs share memory is not there, so no job shares any.
int main(void) {
    must_fail("/dev/shm", open("/dev/shm", O_RDONLY), ENOENT, ENOENT);
    must_fail("shm_open", shm_open("/left", O_CREAT | O_RDWR, 0666), ENOENT, EACCES);
    must_fail("mkdir", mkdir("/dev/shm", 0777), EROFS, EACCES);
    return verdict();
}
