#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "keygen.h"

void
free_secret(char *text)
{
	rsp_wipe_free(text, text ? malloc_usable_size(text) : 0); /* a file may contain NULs */
}

enum rsp_err
read_text(const char *path, bool secret, char **ret, struct rsp_why *why)
{
	uint8_t *text;
	size_t n;
	enum rsp_err err =
		rsp_file_read(path, secret ? RSP_FILE_SECRET : RSP_FILE_TRUSTED, KEYGEN_FILE_MAX, &text, &n, why);

	if (!err)
		*ret = (char *)text;
	return err;
}

enum rsp_err
make_directory(const char *path, unsigned mode, struct rsp_why *why)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return RSP_OK;
	return rsp_fail(why,
			errno == ENOENT                     ? RSP_ENOTFOUND
			: errno == EACCES || errno == EPERM ? RSP_EPERMS
							    : RSP_EIO,
			path, "cannot make the directory: %s", strerror(errno));
}
