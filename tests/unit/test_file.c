#include "base/file.h"

#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

/* Files that hold secrets or decide about trust: which owners they may have, and that no copy stays in freed memory. */

#define SECRET "correct horse battery staple "
#define SIZE   100000 /* of the file; larger than the first buffer of any reader */

static char dir[] = "/tmp/rsp-test-XXXXXX";
static bool watching;
static unsigned left_behind; /* freed blocks that still held the secret */

void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static void
look_at(void *p)
{
	if (watching && p && memmem(p, malloc_usable_size(p), SECRET, strlen(SECRET)))
		left_behind++;
}

void
__wrap_free(void *p)
{
	look_at(p);
	__real_free(p);
}

/* Always move the block, as realloc() sometimes does. */
void *
__wrap_realloc(void *p, size_t size)
{
	void *grown = malloc(size);
	size_t had = p ? malloc_usable_size(p) : 0;

	if (!grown)
		return NULL;
	if (p)
		memcpy(grown, p, had < size ? had : size);
	__wrap_free(p);
	return grown;
}

static void
write_secret(const char *path)
{
	static char text[SIZE];
	struct rsp_why why;

	for (size_t i = 0; i + strlen(SECRET) < sizeof(text); i += strlen(SECRET))
		memcpy(text + i, SECRET, strlen(SECRET));
	CHECK_EQ(rsp_file_write(path, RSP_FILE_SECRET, true, rsp_bytes_of(text, sizeof(text)), &why), RSP_OK);
}

static void
a_buffer_that_a_secret_outgrows_is_wiped(void)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "secret");
	uint8_t *got = NULL;
	size_t n = 0;
	struct rsp_why why;

	write_secret(path);
	watching = true;
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, SIZE, &got, &n, &why), RSP_OK);
	CHECK_EQ(n, SIZE);
	CHECK_EQ(left_behind, 0);
	rsp_wipe_free(got, n);
	CHECK_EQ(left_behind, 0);
	CHECK_EQ(rsp_file_read(path, RSP_FILE_SECRET, SIZE / 2, &got, &n, &why), RSP_ELIMIT);
	CHECK_EQ(left_behind, 0);
	watching = false;
	CHECK_EQ(unlink(path), 0);
}

static enum rsp_err
read_as(const char *path, enum rsp_file_kind kind)
{
	uint8_t *got = NULL;
	size_t n;
	struct rsp_why why;
	enum rsp_err err = rsp_file_read(path, kind, 100, &got, &n, &why);

	if (!err)
		free(got);
	return err;
}

static void
a_trusted_file_must_not_be_writable_by_others(void)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "ca.pem");
	RSP_AUTO(rsp_free) char *alias = rsp_path_join(dir, "alias");
	static const mode_t bad[] = { 0666, 0664, 0646, 0620, 0602 }, good[] = { 0644, 0600, 0444, 0640 };
	struct rsp_why why;

	CHECK_EQ(rsp_file_write(path, RSP_FILE_TRUSTED, false, rsp_bytes_str("abc"), &why), RSP_OK);
	CHECK_EQ(symlink("ca.pem", alias), 0);
	for (unsigned i = 0; i < RSP_COUNT(bad); i++) {
		CHECK_EQ(chmod(path, bad[i]), 0);
		CHECK_EQ(read_as(path, RSP_FILE_TRUSTED), RSP_EPERMS);
		CHECK_EQ(read_as(alias, RSP_FILE_TRUSTED), RSP_EPERMS);
		CHECK_EQ(read_as(alias, RSP_FILE_SECRET), RSP_EPERMS);
		CHECK_EQ(read_as(path, RSP_FILE_PUBLIC), RSP_OK);
	}
	for (unsigned i = 0; i < RSP_COUNT(good); i++) {
		CHECK_EQ(chmod(path, good[i]), 0);
		CHECK_EQ(read_as(path, RSP_FILE_TRUSTED), RSP_OK);
		CHECK_EQ(read_as(alias, RSP_FILE_TRUSTED), RSP_OK);
		CHECK_EQ(read_as(alias, RSP_FILE_SECRET), good[i] == 0600 ? RSP_OK : RSP_EPERMS);
	}
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(read_as(path, RSP_FILE_SECRET), RSP_EIO); /* without waiting for a writer */
	CHECK_EQ(unlink(path) | unlink(alias), 0);
}

static void
a_trusted_file_must_not_belong_to_a_third_user(void)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "theirs");
	struct rsp_why why;
	int fd;

	CHECK_EQ(rsp_file_write(path, RSP_FILE_SECRET, false, rsp_bytes_str("abc"), &why), RSP_OK);
	if (geteuid() == 0) { /* only root can change the owner of a file */
		CHECK_EQ(chown(path, 12345, 12345), 0);
		CHECK_EQ(read_as(path, RSP_FILE_TRUSTED), RSP_EPERMS);
		CHECK_EQ(read_as(path, RSP_FILE_SECRET), RSP_EPERMS);
		CHECK_EQ(rsp_file_open_private(path, true, &fd, &why), RSP_EPERMS);
	}
	CHECK_EQ(unlink(path), 0);
}

static void
secrets_are_not_written_through_a_link(void)
{
	RSP_AUTO(rsp_free) char *path = rsp_path_join(dir, "log");
	RSP_AUTO(rsp_free) char *alias = rsp_path_join(dir, "alias");
	struct rsp_why why;
	struct stat st;
	int fd = -1;

	CHECK_EQ(rsp_file_open_private(path, false, &fd, &why), RSP_OK);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(write(fd, "abc", 3), 3);
	rsp_fd_close(fd);
	CHECK_EQ(symlink(path, alias), 0);
	CHECK_EQ(rsp_file_open_private(alias, false, &fd, &why), RSP_EPERMS);
	CHECK_EQ(unlink(alias), 0);
	CHECK_EQ(link(path, alias), 0);
	CHECK_EQ(rsp_file_open_private(alias, false, &fd, &why), RSP_EPERMS);
	CHECK_EQ(unlink(alias), 0);
	CHECK_EQ(chmod(path, 0640), 0);
	CHECK_EQ(rsp_file_open_private(path, false, &fd, &why), RSP_EPERMS);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_size, 3); /* a refused file is unchanged */
	CHECK_EQ(chmod(path, 0600), 0);
	CHECK_EQ(rsp_file_open_private(path, true, &fd, &why), RSP_OK);
	CHECK_EQ(write(fd, "def", 3), 3);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_size, 6);
	rsp_fd_close(fd);
	CHECK_EQ(rsp_file_open_private(path, false, &fd, &why), RSP_OK);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_size, 0);
	rsp_fd_close(fd);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(rsp_file_open_private("/nonexistent/x", false, &fd, &why), RSP_EOUTPUT);
	CHECK_EQ(rsp_file_open_private("/dev/full", true, &fd, &why), RSP_OK);
	rsp_fd_close(fd);
}

static void
a_directory_must_not_be_writable_by_others(void)
{
	struct rsp_why why;

	CHECK_EQ(rsp_directory_check(dir, &why), RSP_OK);
	CHECK_EQ(chmod(dir, 0755), 0);
	CHECK_EQ(rsp_directory_check(dir, &why), RSP_OK);
	CHECK_EQ(chmod(dir, 0770), 0);
	CHECK_EQ(rsp_directory_check(dir, &why), RSP_EPERMS);
	CHECK_EQ(chmod(dir, 0703), 0);
	CHECK_EQ(rsp_directory_check(dir, &why), RSP_EPERMS);
	CHECK_EQ(rsp_directory_check("/dev/null", &why), RSP_EIO);
	CHECK_EQ(rmdir(dir), 0); /* no temporary file is left in it */
	CHECK_EQ(rsp_directory_check(dir, &why), RSP_ENOTFOUND);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	TAP_RUN(a_buffer_that_a_secret_outgrows_is_wiped);
	TAP_RUN(a_trusted_file_must_not_be_writable_by_others);
	TAP_RUN(a_trusted_file_must_not_belong_to_a_third_user);
	TAP_RUN(secrets_are_not_written_through_a_link);
	TAP_RUN(a_directory_must_not_be_writable_by_others);
	return tap_end();
}
