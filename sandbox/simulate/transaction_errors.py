"""The errors of a transaction, as the SDK raises them."""

from http import HTTPStatus

from azure.data.tables import TableErrorCode, TableTransactionError


def conflict(index: int, *, is_there: bool, kind: str) -> TableTransactionError:
    """Return the error for a row that is there or not, against what the operation expects."""
    if not is_there:
        return transaction_error(index, HTTPStatus.NOT_FOUND, TableErrorCode.RESOURCE_NOT_FOUND)
    if kind == "create":
        return transaction_error(index, HTTPStatus.CONFLICT, TableErrorCode.ENTITY_ALREADY_EXISTS)
    code = TableErrorCode.UPDATE_CONDITION_NOT_SATISFIED
    return transaction_error(index, HTTPStatus.PRECONDITION_FAILED, code)


def transaction_error(index: int, status: HTTPStatus, code: TableErrorCode) -> TableTransactionError:
    """Return the error of a transaction whose operation `index` failed."""
    error = TableTransactionError(message="a row changed meanwhile", index=index)
    error.status_code = status
    vars(error)["error_code"] = code  # the SDK's type does not show it
    return error
